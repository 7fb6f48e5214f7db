"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from personae.store.columns import Id, Json, Moment, Words

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "organizations",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("domain", sa.String(length=200), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
        sa.UniqueConstraint("name", name=op.f("uq_organizations_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "users",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("name", Words, nullable=False),
        sa.Column("password_hash", sa.String(length=300), nullable=True),
        sa.Column("oidc_subject", sa.String(length=300), nullable=True),
        sa.Column("disabled_at", Moment, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        sa.UniqueConstraint("oidc_subject", name=op.f("uq_users_oidc_subject")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "invitations",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("organization_id", Id, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("invited_by", sa.String(length=320), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.Column("accepted_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_invitations_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_invitations_organization_id"), "invitations", ["organization_id"], unique=False)
    op.create_table(
        "members",
        sa.Column("organization_id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_members_organization_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_members_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("organization_id", "user_id", name=op.f("pk_members")),
    )
    op.create_table(
        "projects",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("organization_id", Id, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", Words, nullable=False),
        sa.Column("public_in_org", sa.Boolean(), nullable=False),
        sa.Column("settings", Json, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_projects_organization_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("name", name=op.f("uq_projects_name")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_projects_organization_id"), "projects", ["organization_id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("expires_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"], unique=False)
    op.create_table(
        "api_keys",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("project_id", Id, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("created_by", sa.String(length=340), nullable=False),
        sa.Column("creator_id", Id, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("last_used_at", Moment, nullable=True),
        sa.Column("revoked_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(["creator_id"], ["users.id"], name=op.f("fk_api_keys_creator_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_api_keys_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_api_keys_creator_id"), "api_keys", ["creator_id"], unique=False)
    op.create_index(op.f("ix_api_keys_project_id"), "api_keys", ["project_id"], unique=False)
    op.create_table(
        "audit_log",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("organization_id", Id, nullable=False),
        sa.Column("project_id", Id, nullable=True),
        sa.Column("at", Moment, nullable=False),
        sa.Column("actor", sa.String(length=340), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("noun", sa.String(length=40), nullable=False),
        sa.Column("noun_id", sa.String(length=60), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_audit_log_organization_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_audit_log_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_log_organization_id_id", "audit_log", ["organization_id", "id"], unique=False)
    op.create_index(op.f("ix_audit_log_project_id"), "audit_log", ["project_id"], unique=False)
    op.create_table(
        "collections",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("project_id", Id, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", Words, nullable=False),
        sa.Column("collection_type", sa.String(length=20), nullable=False),
        sa.Column("is_scenario_set", sa.Boolean(), nullable=False),
        sa.Column("read_only", sa.Boolean(), nullable=False),
        sa.Column("environment_config", Json, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rows_count", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_collections_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collections")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_collections_project_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "criterion_sets",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("project_id", Id, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_criterion_sets_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_criterion_sets")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_criterion_sets_project_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "experiments",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("project_id", Id, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", Words, nullable=True),
        sa.Column("evaluation_mode", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("collection_id", Id, nullable=True),
        sa.Column("prompt_template_id", Id, nullable=True),
        sa.Column("llm_config_id", Id, nullable=True),
        sa.Column("criterion_set_id", Id, nullable=True),
        sa.Column("persona_group_id", Id, nullable=True),
        sa.Column("response_column_id", Id, nullable=True),
        sa.Column("n_epochs", sa.Integer(), nullable=False),
        sa.Column("rating_mode", sa.String(length=20), nullable=False),
        sa.Column("rating_version", sa.String(length=60), nullable=False),
        sa.Column("settings", Json, nullable=False),
        sa.Column("snapshot", Json, nullable=False),
        sa.Column("task_id", sa.String(length=40), nullable=True),
        sa.Column("problem", Words, nullable=True),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("finished", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("rated", sa.Integer(), nullable=False),
        sa.Column("spent_usd", sa.Float(), nullable=False),
        sa.Column("results", Json, nullable=True),
        sa.Column("started_at", Moment, nullable=True),
        sa.Column("ended_at", Moment, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_experiments_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiments")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_experiments_project_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_experiments_collection_id"), "experiments", ["collection_id"], unique=False)
    op.create_index(op.f("ix_experiments_criterion_set_id"), "experiments", ["criterion_set_id"], unique=False)
    op.create_index(op.f("ix_experiments_llm_config_id"), "experiments", ["llm_config_id"], unique=False)
    op.create_index("ix_experiments_project_id_id", "experiments", ["project_id", "id"], unique=False)
    op.create_index(op.f("ix_experiments_prompt_template_id"), "experiments", ["prompt_template_id"], unique=False)
    op.create_table(
        "llm_configs",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("project_id", Id, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("settings", Json, nullable=False),
        sa.Column("secrets", Words, nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_llm_configs_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_llm_configs")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_llm_configs_project_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "persona_groups",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("project_id", Id, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", Words, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_persona_groups_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_persona_groups")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_persona_groups_project_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "personas",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("project_id", Id, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("archived_at", Moment, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_personas_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personas")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_personas_project_id"), "personas", ["project_id"], unique=False)
    op.create_index(
        "uq_personas_project_id_name",
        "personas",
        ["project_id", "name"],
        unique=True,
        sqlite_where=sa.text("archived_at IS NULL"),
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.create_table(
        "prompt_templates",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("project_id", Id, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=16), nullable=False),
        sa.Column("messages", Json, nullable=False),
        sa.Column("placeholders", Json, nullable=False),
        sa.Column("response_format_json_schema", Json, nullable=True),
        sa.Column("tools", Json, nullable=True),
        sa.Column("tool_choice", Json, nullable=True),
        sa.Column("parent_prompt_template_id", Id, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_prompt_templates_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt_templates")),
        sa.UniqueConstraint("project_id", "name", "version", name=op.f("uq_prompt_templates_project_id_name_version")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "collection_columns",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("collection_id", Id, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("column_type", sa.String(length=20), nullable=False),
        sa.Column("default_value", Words, nullable=False),
        sa.Column("column_position", sa.Integer(), nullable=False),
        sa.Column("categorical_values", Json, nullable=True),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["collections.id"], name=op.f("fk_collection_columns_collection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection_columns")),
        sa.UniqueConstraint("collection_id", "name", name=op.f("uq_collection_columns_collection_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "collection_rows",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("collection_id", Id, nullable=False),
        sa.Column("input_values", Json, nullable=False),
        sa.Column("environment_config", Json, nullable=True),
        sa.Column("content_hash", sa.String(length=16), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["collections.id"], name=op.f("fk_collection_rows_collection_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection_rows")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_collection_rows_collection_id_content_hash",
        "collection_rows",
        ["collection_id", "content_hash"],
        unique=False,
    )
    op.create_index("ix_collection_rows_collection_id_id", "collection_rows", ["collection_id", "id"], unique=False)
    op.create_table(
        "criteria",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("project_id", Id, nullable=False),
        sa.Column("criterion_set_id", Id, nullable=True),
        sa.Column("prompt_template_id", Id, nullable=True),
        sa.Column("criterion_str", Words, nullable=False),
        sa.Column("label", sa.String(length=200), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["criterion_set_id"], ["criterion_sets.id"], name=op.f("fk_criteria_criterion_set_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_criteria_project_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["prompt_template_id"],
            ["prompt_templates.id"],
            name=op.f("fk_criteria_prompt_template_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_criteria")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_criteria_criterion_set_id"), "criteria", ["criterion_set_id"], unique=False)
    op.create_index(op.f("ix_criteria_project_id"), "criteria", ["project_id"], unique=False)
    op.create_index(op.f("ix_criteria_prompt_template_id"), "criteria", ["prompt_template_id"], unique=False)
    op.create_table(
        "criterion_set_templates",
        sa.Column("criterion_set_id", Id, nullable=False),
        sa.Column("prompt_template_id", Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["criterion_set_id"],
            ["criterion_sets.id"],
            name=op.f("fk_criterion_set_templates_criterion_set_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["prompt_template_id"],
            ["prompt_templates.id"],
            name=op.f("fk_criterion_set_templates_prompt_template_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("criterion_set_id", "prompt_template_id", name=op.f("pk_criterion_set_templates")),
    )
    op.create_index(
        "ix_criterion_set_templates_prompt_template_id", "criterion_set_templates", ["prompt_template_id"], unique=False
    )
    op.create_table(
        "experiment_rows",
        sa.Column("experiment_id", Id, nullable=False),
        sa.Column("row_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("input_values", Json, nullable=False),
        sa.Column("environment_config", Json, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiments.id"], name=op.f("fk_experiment_rows_experiment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("experiment_id", "row_id", name=op.f("pk_experiment_rows")),
    )
    op.create_index(
        "ix_experiment_rows_experiment_id_position", "experiment_rows", ["experiment_id", "position"], unique=False
    )
    op.create_table(
        "persona_group_members",
        sa.Column("group_id", Id, nullable=False),
        sa.Column("persona_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["persona_groups.id"], name=op.f("fk_persona_group_members_group_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["persona_id"], ["personas.id"], name=op.f("fk_persona_group_members_persona_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "persona_id", name=op.f("pk_persona_group_members")),
    )
    op.create_index("ix_persona_group_members_persona_id", "persona_group_members", ["persona_id"], unique=False)
    op.create_table(
        "persona_versions",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("persona_id", Id, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("record", Json, nullable=False),
        sa.Column("author", sa.String(length=340), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["persona_id"], ["personas.id"], name=op.f("fk_persona_versions_persona_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_persona_versions")),
        sa.UniqueConstraint("persona_id", "version", name=op.f("uq_persona_versions_persona_id_version")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "responses",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("experiment_id", Id, nullable=False),
        sa.Column("project_id", Id, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("row_id", Id, nullable=False),
        sa.Column("persona_id", Id, nullable=True),
        sa.Column("persona_version", sa.Integer(), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("termination", sa.String(length=30), nullable=True),
        sa.Column("error", Words, nullable=True),
        sa.Column("goal_achieved", sa.Boolean(), nullable=True),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.Column("not_passed", sa.Integer(), nullable=False),
        sa.Column("unrated", sa.Integer(), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=True),
        sa.Column("input_tokens", sa.Integer(), nullable=True),
        sa.Column("output_tokens", sa.Integer(), nullable=True),
        sa.Column("reasoning_tokens", sa.Integer(), nullable=True),
        sa.Column("cached_tokens", sa.Integer(), nullable=True),
        sa.Column("cost_usd", sa.Float(), nullable=True),
        sa.Column("annotation", Words, nullable=False),
        sa.Column("result", Json, nullable=False),
        sa.Column("usage", Json, nullable=False),
        sa.Column("validity", Json, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiments.id"], name=op.f("fk_responses_experiment_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_responses_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_responses")),
        sa.UniqueConstraint("experiment_id", "key", name=op.f("uq_responses_experiment_id_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_responses_experiment_id_id", "responses", ["experiment_id", "id"], unique=False)
    op.create_index("ix_responses_experiment_id_persona_id", "responses", ["experiment_id", "persona_id"], unique=False)
    op.create_index("ix_responses_experiment_id_row_id", "responses", ["experiment_id", "row_id"], unique=False)
    op.create_index("ix_responses_project_id_created_at", "responses", ["project_id", "created_at"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("project_id", Id, nullable=False),
        sa.Column("experiment_id", Id, nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("wanted", sa.String(length=20), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("error_msg", Words, nullable=True),
        sa.Column("logs", Words, nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("rated", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("heartbeat_at", Moment, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("ended_at", Moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiments.id"], name=op.f("fk_tasks_experiment_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_tasks_project_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    op.create_index(op.f("ix_tasks_experiment_id"), "tasks", ["experiment_id"], unique=False)
    op.create_index(op.f("ix_tasks_project_id"), "tasks", ["project_id"], unique=False)
    op.create_index(op.f("ix_tasks_status"), "tasks", ["status"], unique=False)
    op.create_table(
        "turns",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("experiment_id", Id, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("row_id", Id, nullable=False),
        sa.Column("persona_id", Id, nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("entry", Words, nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiments.id"], name=op.f("fk_turns_experiment_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turns")),
        sa.UniqueConstraint("experiment_id", "key", "seq", name=op.f("uq_turns_experiment_id_key_seq")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "ratings",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("response_id", Id, nullable=False),
        sa.Column("experiment_id", Id, nullable=False),
        sa.Column("criterion_id", Id, nullable=False),
        sa.Column("criterion_version", sa.Integer(), nullable=False),
        sa.Column("criterion_str", Words, nullable=False),
        sa.Column("label", sa.String(length=200), nullable=True),
        sa.Column("rating", sa.String(length=3), nullable=True),
        sa.Column("error", Words, nullable=True),
        sa.Column("reasoning", Words, nullable=False),
        sa.Column("quotes", Json, nullable=True),
        sa.Column("rater", sa.String(length=340), nullable=False),
        sa.Column("is_manual", sa.Boolean(), nullable=False),
        sa.Column("generation_metadata", Json, nullable=True),
        sa.Column("created_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiments.id"], name=op.f("fk_ratings_experiment_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["response_id"], ["responses.id"], name=op.f("fk_ratings_response_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratings")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ratings_experiment_id_criterion_id", "ratings", ["experiment_id", "criterion_id"], unique=False)
    op.create_index(op.f("ix_ratings_response_id"), "ratings", ["response_id"], unique=False)
    op.create_table(
        "labels",
        sa.Column("id", Id, autoincrement=True, nullable=False),
        sa.Column("response_id", Id, nullable=False),
        sa.Column("experiment_id", Id, nullable=False),
        sa.Column("criterion_id", Id, nullable=False),
        sa.Column("rater", sa.String(length=340), nullable=False),
        sa.Column("label", sa.String(length=6), nullable=False),
        sa.Column("note", Words, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["experiment_id"], ["experiments.id"], name=op.f("fk_labels_experiment_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["response_id"], ["responses.id"], name=op.f("fk_labels_response_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labels")),
        sa.UniqueConstraint(
            "response_id", "criterion_id", "rater", name=op.f("uq_labels_response_id_criterion_id_rater")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_labels_experiment_id"), "labels", ["experiment_id"], unique=False)

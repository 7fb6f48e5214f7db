"""What is kept.

    organizations > projects > everything else; users are members of organizations
    personas > persona_versions        groups > members        collections > columns, rows
    prompt_templates (one row a version)        criterion_sets > criteria        llm_configs
    experiments > experiment_rows, responses > ratings, response_words; turns (of running conversations only)
    generations > drafts; draft_answers (of runs that are not complete only)
    tasks: whatever takes long, owned by one process at a time

An experiment keeps its own copy of all that it was launched with: `snapshot`, and its rows in `experiment_rows`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, MetaData, Table, UniqueConstraint, text

from personae.store.columns import Id, Json, Moment, String, Words

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", Id, primary_key=True, autoincrement=True)


def _of(noun: str, table: str, *, index: bool = True, nullable: bool = False, primary_key: bool = False) -> Column[int]:
    """A reference that goes when what it refers to goes."""
    key = ForeignKey(f"{table}.id", ondelete="CASCADE")
    return Column(f"{noun}_id", Id, key, nullable=nullable, index=index and not primary_key, primary_key=primary_key)


def _moments() -> tuple[Column[Any], Column[Any]]:
    return Column("created_at", Moment, nullable=False), Column("updated_at", Moment, nullable=False)


def _text(name: str, default: str | None = "") -> Column[str]:
    return Column(name, Words, nullable=default is None, default=default)


def _count(name: str) -> Column[int]:
    return Column(name, Integer, nullable=False, default=0)


def _some(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of those rows alone that a condition is true of."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


# Who may do what

organizations = Table(
    "organizations",
    metadata,
    _id(),
    Column("name", String(200), nullable=False, unique=True),
    Column("domain", String(200), nullable=False, default=""),
    *_moments(),
)
projects = Table(
    "projects",
    metadata,
    _id(),
    _of("organization", "organizations"),
    Column("name", String(200), nullable=False, unique=True),
    _text("description"),
    Column("public_in_org", Boolean, nullable=False, default=False),
    Column("settings", Json, nullable=False, default=dict),
    *_moments(),
)
users = Table(
    "users",
    metadata,
    _id(),
    Column("email", String(320), nullable=False, unique=True),
    _text("name"),
    Column("password_hash", String(300)),
    Column("oidc_subject", String(300), unique=True),
    Column("disabled_at", Moment),
    *_moments(),
)
members = Table(
    "members",
    metadata,
    _of("organization", "organizations", primary_key=True),
    _of("user", "users", primary_key=True),
    Column("role", String(20), nullable=False),
    Column("created_at", Moment, nullable=False),
)
invitations = Table(
    "invitations",
    metadata,
    _id(),
    _of("organization", "organizations"),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("email", String(320), nullable=False, default=""),
    Column("role", String(20), nullable=False),
    Column("invited_by", String(320), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("accepted_at", Moment),
)
sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    _of("user", "users"),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
)
api_keys = Table(
    "api_keys",
    metadata,
    _id(),
    _of("project", "projects"),
    Column("name", String(200), nullable=False),
    Column("prefix", String(20), nullable=False),
    Column("key_hash", String(64), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("created_by", String(340), nullable=False, default=""),
    _of("creator", "users", nullable=True),  # the person behind it, whose role is the most that the key can give
    Column("created_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    Column("revoked_at", Moment),
)
audit_log = Table(
    "audit_log",
    metadata,
    _id(),
    _of("organization", "organizations", index=False),
    _of("project", "projects", nullable=True),
    Column("at", Moment, nullable=False),
    Column("actor", String(340), nullable=False),
    Column("action", String(40), nullable=False),
    Column("noun", String(40), nullable=False),
    Column("noun_id", String(60), nullable=False, default=""),
    Column("detail", Json, nullable=False, default=dict),
    Index("ix_audit_log_organization_id_id", "organization_id", "id"),
)

# What people author

personas = Table(
    "personas",
    metadata,
    _id(),
    _of("project", "projects"),
    Column("name", String(200), nullable=False),
    Column("version", Integer, nullable=False, default=1),
    Column("is_shared", Boolean, nullable=False, default=False),
    Column("archived_at", Moment),
    *_moments(),
    # Names of archived personas are free again.
    _some("uq_personas_project_id_name", "project_id", "name", where="archived_at IS NULL", unique=True),
)
persona_versions = Table(
    "persona_versions",
    metadata,
    _id(),
    _of("persona", "personas", index=False),
    Column("version", Integer, nullable=False),
    Column("record", Json, nullable=False),
    Column("author", String(340), nullable=False, default=""),
    Column("note", String(300), nullable=False, default=""),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("persona_id", "version"),
)
persona_groups = Table(
    "persona_groups",
    metadata,
    _id(),
    _of("project", "projects", index=False),
    Column("name", String(200), nullable=False),
    _text("description"),
    *_moments(),
    UniqueConstraint("project_id", "name"),
)
persona_group_members = Table(
    "persona_group_members",
    metadata,
    _of("group", "persona_groups", primary_key=True),
    _of("persona", "personas", primary_key=True),
    Column("position", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index("ix_persona_group_members_persona_id", "persona_id"),
)
collections = Table(
    "collections",
    metadata,
    _id(),
    _of("project", "projects", index=False),
    Column("name", String(200), nullable=False),
    _text("description"),
    Column("collection_type", String(20), nullable=False, default="STANDARD"),
    Column("is_scenario_set", Boolean, nullable=False, default=False),
    Column("read_only", Boolean, nullable=False, default=False),
    Column("environment_config", Json),
    Column("version", Integer, nullable=False, default=1),
    _count("rows_count"),
    *_moments(),
    UniqueConstraint("project_id", "name"),
)
collection_columns = Table(
    "collection_columns",
    metadata,
    _id(),
    _of("collection", "collections", index=False),
    Column("name", String(200), nullable=False),
    Column("column_type", String(20), nullable=False, default="text"),
    _text("default_value"),
    Column("column_position", Integer, nullable=False, default=0),
    Column("categorical_values", Json),
    UniqueConstraint("collection_id", "name"),
)
collection_rows = Table(
    "collection_rows",
    metadata,
    _id(),
    _of("collection", "collections", index=False),
    Column("input_values", Json, nullable=False),
    Column("environment_config", Json),
    Column("content_hash", String(16), nullable=False),
    *_moments(),
    Index("ix_collection_rows_collection_id_id", "collection_id", "id"),
    Index("ix_collection_rows_collection_id_content_hash", "collection_id", "content_hash"),
)
prompt_templates = Table(
    "prompt_templates",
    metadata,
    _id(),
    _of("project", "projects", index=False),
    Column("name", String(200), nullable=False),
    Column("version", Integer, nullable=False),
    Column("content_hash", String(16), nullable=False),
    Column("messages", Json, nullable=False),
    Column("placeholders", Json, nullable=False),
    Column("response_format_json_schema", Json),
    Column("tools", Json),
    Column("tool_choice", Json),
    Column("parent_prompt_template_id", Id),
    *_moments(),
    UniqueConstraint("project_id", "name", "version"),
)
criterion_sets = Table(
    "criterion_sets",
    metadata,
    _id(),
    _of("project", "projects", index=False),
    Column("name", String(200), nullable=False),
    *_moments(),
    UniqueConstraint("project_id", "name"),
)
criterion_set_templates = Table(
    "criterion_set_templates",
    metadata,
    _of("criterion_set", "criterion_sets", primary_key=True),
    _of("prompt_template", "prompt_templates", primary_key=True),
    Index("ix_criterion_set_templates_prompt_template_id", "prompt_template_id"),
)
criteria = Table(
    "criteria",
    metadata,
    _id(),
    _of("project", "projects"),
    _of("criterion_set", "criterion_sets", nullable=True),
    _of("prompt_template", "prompt_templates", nullable=True),
    _text("criterion_str"),
    Column("label", String(200)),
    Column("version", Integer, nullable=False, default=1),
    *_moments(),
)
llm_configs = Table(
    "llm_configs",
    metadata,
    _id(),
    _of("project", "projects", index=False),
    Column("name", String(200), nullable=False),
    Column("settings", Json, nullable=False),
    Column("secrets", Words),  # JSON of what must not be shown (key, headers), encrypted
    Column("is_default", Boolean, nullable=False, default=False),
    *_moments(),
    UniqueConstraint("project_id", "name"),
)

# What was run

experiments = Table(
    "experiments",
    metadata,
    _id(),
    _of("project", "projects", index=False),
    Column("name", String(200), nullable=False),
    _text("description", None),
    Column("evaluation_mode", String(20), nullable=False),
    Column("status", String(20), nullable=False, default="draft"),
    Column("collection_id", Id, index=True),
    Column("prompt_template_id", Id, index=True),
    Column("llm_config_id", Id, index=True),
    Column("criterion_set_id", Id, index=True),
    Column("persona_group_id", Id),
    Column("response_column_id", Id),
    Column("n_epochs", Integer, nullable=False, default=1),
    Column("rating_mode", String(20), nullable=False, default="detailed"),
    Column("rating_version", String(60), nullable=False, default=""),
    Column("settings", Json, nullable=False),  # generation_params, budget, simulator, judge, metrics, max_turns, seed
    Column("snapshot", Json, nullable=False),  # personas, template, config without key, criteria, collection
    Column("task_id", String(40)),
    Column("problem", Words),
    _count("planned"),
    _count("finished"),
    _count("failed"),
    _count("rated"),
    Column("spent_usd", Float, nullable=False, default=0.0),  # by finished conversations, as far as prices are known
    Column("results", Json),  # of a finished run, so that lists need not count
    Column("started_at", Moment),
    Column("ended_at", Moment),
    *_moments(),
    UniqueConstraint("project_id", "name"),
    Index("ix_experiments_project_id_id", "project_id", "id"),
)
experiment_rows = Table(
    "experiment_rows",
    metadata,
    _of("experiment", "experiments", primary_key=True),
    Column("row_id", Id, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("input_values", Json, nullable=False),
    Column("environment_config", Json),
    Column("created_at", Moment, nullable=False),
    Index("ix_experiment_rows_experiment_id_position", "experiment_id", "position"),
)
_LISTED = (
    *("row_id", "persona_id", "epoch", "termination", "goal_achieved", "passed", "not_passed", "unrated"),
    *("turns", "duration_s", "input_tokens", "output_tokens", "cost_usd", "validity_verdict", "validity_fault"),
)
"""What lists of responses are filtered and sorted by."""
responses = Table(
    "responses",
    metadata,
    _id(),
    _of("experiment", "experiments", index=False),
    _of("project", "projects", index=False),
    Column("key", String(40), nullable=False),
    Column("row_id", Id, nullable=False),
    Column("persona_id", Id),
    Column("persona_version", Integer),
    Column("epoch", Integer, nullable=False, default=1),
    Column("termination", String(30)),
    Column("error", Words),
    Column("goal_achieved", Boolean),
    _count("passed"),
    _count("not_passed"),
    _count("unrated"),
    _count("turns"),
    Column("duration_s", Float),
    Column("input_tokens", Integer),
    Column("output_tokens", Integer),
    Column("reasoning_tokens", Integer),
    Column("cached_tokens", Integer),
    Column("cost_usd", Float),
    _text("annotation"),
    Column("result", Json, nullable=False),  # the row of a result file, see core.result
    Column("usage", Json, nullable=False, default=dict),  # of the result, by role
    Column("validity", Json),  # of the result; null: not checked
    Column("created_at", Moment, nullable=False),
    Column("badness", Float, nullable=False, default=0.0, server_default="0"),  # see store.response_order
    Column("validity_verdict", String(20)),  # out of `validity`, whose JSON stands behind the transcript
    Column("validity_fault", String(20)),
    UniqueConstraint("experiment_id", "key"),
    # SQLite reads through a result to what stands behind it: indices answer what is asked of many responses at once.
    Index("ix_responses_experiment_id_id", "experiment_id", "id"),
    Index("ix_responses_experiment_id_listed", "experiment_id", "badness", "id", *_LISTED),
    Index("ix_responses_experiment_id_ending", "experiment_id", "termination", "goal_achieved", "id"),
    Index("ix_responses_experiment_id_row_id_persona_id", "experiment_id", "row_id", "persona_id"),
    _some("ix_responses_experiment_id_failed", "experiment_id", "termination", where="error IS NOT NULL"),
    _some("ix_responses_experiment_id_noted", "experiment_id", where="annotation != ''"),
    Index("ix_responses_experiment_id_persona_id", "experiment_id", "persona_id"),
    Index("ix_responses_project_id_created_at", "project_id", "created_at"),
)
response_words = Table(
    "response_words",
    metadata,
    _of("response", "responses", primary_key=True),
    Column("words", Words, nullable=False),  # see store.response_words
)
ratings = Table(
    "ratings",
    metadata,
    _id(),
    _of("response", "responses", index=False),
    _of("experiment", "experiments", index=False),
    Column("criterion_id", Id, nullable=False),
    Column("criterion_version", Integer, nullable=False, default=1),
    _text("criterion_str"),
    Column("label", String(200)),
    Column("rating", String(3)),  # YES or NO; null where `error` says why there is none
    Column("error", Words),
    _text("reasoning"),
    Column("quotes", Json),
    Column("rater", String(340), nullable=False, default=""),  # the judge's model, or the person who set it by hand
    Column("is_manual", Boolean, nullable=False, default=False),
    Column("generation_metadata", Json),
    Column("created_at", Moment, nullable=False),
    Index("ix_ratings_experiment_id_criterion_id", "experiment_id", "criterion_id"),
    Index("ix_ratings_response_id_criterion_id_rating", "response_id", "criterion_id", "rating"),
)
labels = Table(
    "labels",
    metadata,
    _id(),
    _of("response", "responses", index=False),
    _of("experiment", "experiments"),
    Column("criterion_id", Id, nullable=False),  # 0: the goal
    Column("rater", String(340), nullable=False),
    Column("label", String(6), nullable=False),  # YES, NO or unsure
    _text("note"),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("response_id", "criterion_id", "rater"),
)
turns = Table(
    "turns",
    metadata,
    _id(),
    _of("experiment", "experiments", index=False),
    Column("key", String(40), nullable=False),
    Column("row_id", Id, nullable=False),
    Column("persona_id", Id),
    Column("epoch", Integer, nullable=False, default=1),
    Column("seq", Integer, nullable=False),  # of the conversation's entries, from 0
    Column("entry", Words, nullable=False),  # JSON: an entry of a recorder's journal, see experiments.recorders
    UniqueConstraint("experiment_id", "key", "seq"),
)
generations = Table(
    "generations",
    metadata,
    _id(),
    _of("project", "projects", index=False),
    Column("name", String(200), nullable=False),
    Column("method", String(100), nullable=False),
    Column("makes", String(20), nullable=False),  # persona or query
    Column("n", Integer, nullable=False),
    Column("seed", Id, nullable=False, default=0),
    Column("options", Json, nullable=False),  # of the method, by field; files as their texts
    Column("llm_config_id", Id),
    Column("embeddings_model", String(200), nullable=False, default="", server_default=""),
    Column("budget_usd", Float),
    Column("status", String(20), nullable=False, default="queued"),
    Column("task_id", String(40)),
    Column("problem", Words),
    Column("author", String(340), nullable=False),
    _count("made"),
    _count("failed"),
    Column("failures", Json, nullable=False, default=list),  # what is alike as one, with its count
    Column("usage", Json, nullable=False, default=dict),
    Column("told", Json, nullable=False, default=list),  # what the method says of the whole, line by line
    Column("started_at", Moment),
    Column("ended_at", Moment),
    *_moments(),
    Index("ix_generations_project_id_id", "project_id", "id"),
)
drafts = Table(
    "drafts",
    metadata,
    _id(),
    _of("generation", "generations", index=False),
    Column("key", String(200), nullable=False),
    Column("record", Json, nullable=False),  # a persona or a query, with its provenance
    Column("flags", Json, nullable=False, default=list),
    Column("decisions", Json, nullable=False, default=list),  # the last of each person
    Column("state", String(10), nullable=False, default="open"),
    _count("priority"),  # the higher, the sooner it is looked at
    Column("held_by", String(340), nullable=False, default=""),  # who looks at it
    Column("held_until", Moment),
    Column("taken_id", Id),  # the persona, or the collection, that it went into
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("generation_id", "key"),
    Index("ix_drafts_generation_id_state_priority", "generation_id", "state", "priority"),
)
draft_answers = Table(
    "draft_answers",
    metadata,
    _id(),
    _of("generation", "generations", index=False),
    Column("piece", String(200), nullable=False),
    Column("asked", String(40), nullable=False),
    Column("reply", Json, nullable=False),
    Index("ix_draft_answers_generation_id_piece", "generation_id", "piece"),
)
tasks = Table(
    "tasks",
    metadata,
    Column("id", String(40), primary_key=True),
    _of("project", "projects"),
    _of("experiment", "experiments", nullable=True),
    Column("kind", String(20), nullable=False),  # run, respond, rate, generate
    Column("status", String(20), nullable=False, index=True),
    Column("wanted", String(20), nullable=False, default=""),  # pause or cancel, asked for by any process
    Column("payload", Json, nullable=False, default=dict),
    Column("error_msg", Words),
    _text("logs"),
    _count("total"),
    _count("done"),
    _count("rated"),
    Column("owner", String(80), nullable=False, default=""),
    Column("heartbeat_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("ended_at", Moment),
)

for _table in metadata.tables.values():
    if isinstance(_table.c.get("id"), Column) and isinstance(_table.c.id.type, type(Id)):
        # On SQLite an id would else be given again once its row is deleted; whoever kept it would find another row.
        _table.dialect_options["sqlite"]["autoincrement"] = True

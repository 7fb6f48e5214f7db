"""Signing in and out, and who one is."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from personae.errors import PermissionDenied
from personae.server import cookies
from personae.server.accounts import bearer
from personae.server.deps import PrincipalDep, ServicesDep
from personae.server.schemas.session import Login, Me, Membership, PasswordChange, SeenProject, SignedIn, plain_email
from personae.server.secrets import token_hash
from personae.server.sign_in import begin_session, check_password, shown
from personae.store import audit, projects, sessions, users

router = APIRouter(prefix="/auth", tags=["sign-in"])


@router.post("/login")
async def login(body: Login, request: Request, response: Response, services: ServicesDep) -> SignedIn:
    """Sign in by password. 401 where it is wrong, 429 after too many failures.

    The answer sets a cookie for browsers, and holds a bearer token for programs.
    """
    person = await check_password(services, request, plain_email(body.email), body.password)
    async with services.database.writing() as connection:
        signed_in = await begin_session(services, connection, person)
    cookies.set_session(response, services, signed_in.token)
    return signed_in


@router.post("/logout", status_code=204)
async def logout(request: Request, response: Response, services: ServicesDep, principal: PrincipalDep) -> None:
    """End the session with which you ask. An API key goes on: it is revoked, not signed out."""
    cookies.clear_session(response, services)
    token = bearer(request) or cookies.session(request, services)
    if not principal.is_person:
        return
    async with services.database.writing() as connection:
        await sessions.end(connection, token_hash(token))
        await audit.record_in_each(
            connection,
            principal.roles,
            actor=principal.actor,
            action="sign_out",
            noun="user",
            noun_id=principal.user_id or "",
            now=services.now(),
        )


@router.get("/me")
async def me(services: ServicesDep, principal: PrincipalDep) -> Me:
    """Who you are here, your organizations with your role, and the projects that you see."""
    is_one_project = principal.key_project is not None
    async with services.database.reading() as connection:
        seen = await projects.all_projects(
            connection,
            organization_ids=None if principal.is_local or is_one_project else list(principal.roles),
            project_id=principal.key_project,
        )
        mine = await projects.all_organizations(connection, ids=None if principal.is_local else list(principal.roles))
        person = await users.get(connection, principal.user_id) if principal.is_person and principal.user_id else None
    return Me(
        kind="local" if principal.is_local else "key" if is_one_project else "person",
        actor=principal.actor,
        user=None if person is None else shown(person),
        organizations=[Membership(id=one["id"], name=one["name"], role=principal.role_in(one["id"])) for one in mine],
        projects=[
            SeenProject(
                id=row["id"],
                name=row["name"],
                organization_id=row["organization_id"],
                role=principal.role_in(row["organization_id"], row["id"]),
            )
            for row in seen
        ],
    )


@router.post("/password")
async def change_password(
    body: PasswordChange, request: Request, response: Response, services: ServicesDep, principal: PrincipalDep
) -> SignedIn:
    """A new password. All your sessions end; the answer begins a new one."""
    if not principal.is_person:
        raise PermissionDenied("only a person who is signed in has a password")
    person = await check_password(services, request, principal.actor, body.current_password)
    changed = await services.passwords.hashed(body.new_password)
    now = services.now()
    async with services.database.writing() as connection:
        await users.set_password(connection, person["id"], changed, now)
        await sessions.end_all(connection, person["id"])
        await audit.record_in_each(
            connection,
            principal.roles,
            actor=principal.actor,
            action="change_password",
            noun="user",
            noun_id=person["id"],
            now=now,
        )
        signed_in = await begin_session(services, connection, person)
    cookies.set_session(response, services, signed_in.token)
    return signed_in

"""Write a file as one comment of a pull request: the one that a former run wrote, where there is one.

What a job knows stands in its environment: GITHUB_API_URL, GH_TOKEN, REPOSITORY and NUMBER. Nothing beside Python is
needed, and the server's address is the runner's, so that it works on GitHub Enterprise too.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

PER_PAGE = 100


def comment(text: str, api: str, token: str, repository: str, number: str) -> str:
    """The address of the comment. A former one is known by its first line, which is that of `text`."""
    marker = text.partition("\n")[0]
    issues = f"{api}/repos/{repository}/issues"
    former = _former(f"{issues}/{number}/comments", token, marker)
    if former is not None:
        written = _asked("PATCH", f"{issues}/comments/{former}", token, {"body": text})
    else:
        written = _asked("POST", f"{issues}/{number}/comments", token, {"body": text})
    return str(written["html_url"])


def _former(url: str, token: str, marker: str) -> int | None:
    page = 1
    while True:
        found = _asked("GET", f"{url}?per_page={PER_PAGE}&page={page}", token)
        for one in found:
            if str(one["body"]).startswith(marker):
                return int(one["id"])
        if len(found) < PER_PAGE:
            return None
        page += 1


def _asked(method: str, url: str, token: str, body: Any = None) -> Any:
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "Content-Type": "application/json",
    }
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - the runner says which server
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
        return json.load(answer)


def main() -> int:
    """Comment with the file that is named. The exit code is 1 where GitHub refuses."""
    file = Path(sys.argv[1])
    if not file.is_file():  # the gate itself failed, and has said why
        sys.stdout.write(f"there is no {file.name}, so nothing is commented\n")
        return 0
    named = [os.environ[name] for name in ("GITHUB_API_URL", "GH_TOKEN", "REPOSITORY", "NUMBER")]
    try:
        sys.stdout.write(comment(file.read_text(encoding="utf-8"), *named) + "\n")
    except urllib.error.HTTPError as error:
        hint = "; the job needs the permission `pull-requests: write`" if error.code in (401, 403) else ""
        sys.stderr.write(f"the comment could not be written: HTTP {error.code} {error.reason}{hint}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Speed and cost of `personae simulate` beside peers and beside a bare HTTP loop. See README.md."""

"""The cassette: a run played back byte for byte, without network."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from lab.fake_llm import BAD_KEY, Garbage, Limits, Reply, Reset, Status
from lab.fake_llm.hostile import LINE_SEPARATORS, LONE_SURROGATE
from personae.core.model import Reply as Answer
from personae.errors import ConfigurationError, InputError, ProviderError, RecordingError
from personae.transport import Response
from personae.transport.cassette import Cassette
from tests.llm.reach import KEY, Reach, answer, reach

pytestmark = pytest.mark.anyio


class NoNetwork:
    async def request(self, *_: object, **__: object) -> Response:
        raise AssertionError("a request went out")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.cassette"


def recording(there: Reach, path: Path) -> Cassette:
    return Cassette(path, there.transport, now="2026-01-01")


def replaying(path: Path) -> Cassette:
    return Cassette(path, NoNetwork(), now="2027-07-07", replay_only=True)


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n")


@pytest.mark.parametrize("text", ["Fine.", LINE_SEPARATORS, LONE_SURROGATE, "日本語", "x" * 1_000_000])
async def test_a_played_back_reply_is_the_recorded_one_to_the_byte(path: Path, text: str) -> None:
    async with reach(Reply(text)) as there:
        first = await answer(there.model(transport=recording(there, path)))
        second = await answer(there.model(transport=replaying(path)))
        assert there.calls == 1
    assert second == first


async def test_bytes_that_are_no_text_are_kept(path: Path) -> None:
    class Odd:
        async def request(self, *_: object, **__: object) -> Response:
            return Response(200, {"Content-Type": "image/png"}, b"\xff\xfe\x00", 1.23456)

    first = await Cassette(path, Odd(), now="").request("GET", "http://x", headers={}, body=None, timeout_s=1)
    second = await replaying(path).request("GET", "http://x", headers={}, body=None, timeout_s=1)
    assert first.body == second.body == b"\xff\xfe\x00"
    assert first.latency_ms == second.latency_ms
    assert second.headers == {"content-type": "image/png"}


async def test_equal_requests_are_played_back_in_their_order(path: Path) -> None:
    async with reach([Reply("one"), Reply("two")]) as there:
        model = there.model(transport=recording(there, path))
        said = [(await answer(model)).text for _ in range(2)]
        again = there.model(transport=replaying(path))
        assert [(await answer(again)).text for _ in range(2)] == said == ["one", "two"]


async def test_what_the_cassette_does_not_hold_is_asked_for_and_added(path: Path) -> None:
    async with reach() as there:
        await answer(there.model(transport=recording(there, path)), "a")
        longer = recording(there, path)
        model = there.model(transport=longer)
        await answer(model, "a")
        await answer(model, "b")
        assert longer.played == 1
        assert there.calls == 2
    assert lines(path) == 3


async def test_replay_only_refuses_at_once_what_it_does_not_hold(path: Path) -> None:
    async with reach() as there:
        await answer(there.model(transport=recording(there, path)), "a")
        with pytest.raises(ConfigurationError, match=r"does not hold this request to http://127.*Record it anew"):
            await answer(there.model(transport=replaying(path)), "something else")
        assert there.calls == 1


async def test_replay_only_needs_a_cassette(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no cassette"):
        replaying(path)


async def test_a_run_with_failures_on_its_way_is_played_back_with_them_and_without_waiting(path: Path) -> None:
    async with reach([Status(429, retry_after=60), Status(500), Reply("Fine.")]) as there:
        first = await answer(there.model(transport=recording(there, path)))
        second = await answer(there.model(transport=replaying(path)))
        assert there.calls == 3
    assert first == second
    assert "retry-after" not in path.read_text()


async def test_what_the_endpoint_cannot_do_is_found_out_again_from_the_cassette(path: Path) -> None:
    async with reach(Reply("Fine."), limits=Limits(sampling=False)) as there:
        first = await answer(there.model(transport=recording(there, path), temperature=0.5))
        assert await answer(there.model(transport=replaying(path), temperature=0.5)) == first


async def test_a_request_without_an_answer_does_not_count(path: Path) -> None:
    async with reach([Reset(), Reply("Fine.")]) as there:
        first = await answer(there.model(transport=recording(there, path)))
        assert await answer(there.model(transport=replaying(path), attempts=1)) == first


async def test_a_wrong_key_is_not_played_back_once_it_is_mended(path: Path) -> None:
    async with reach([BAD_KEY, Reply("Fine.")]) as there:
        with pytest.raises(ProviderError):
            await answer(there.model(transport=recording(there, path)))
        assert (await answer(there.model(transport=recording(there, path)))).text == "Fine."


async def test_no_key_and_no_header_of_ones_own_is_written(path: Path) -> None:
    async with reach([Status(401, message=KEY), Reply("Fine.")]) as there:
        model = there.model(transport=recording(there, path), headers={"X-Tenant": "tenant-secret"})
        with pytest.raises(ProviderError):
            await answer(model)
        await answer(model)
    assert KEY not in path.read_text()
    assert "tenant-secret" not in path.read_text()


async def test_calls_at_once_are_all_recorded(path: Path) -> None:
    async with reach(jitter_ms=5) as there:
        model = there.model(transport=recording(there, path))
        first = await asyncio.gather(*(answer(model, f"{number}") for number in range(20)))
        again = there.model(transport=replaying(path))
        second: list[Answer] = [await answer(again, f"{number}") for number in reversed(range(20))]
    assert second[::-1] == first


@pytest.mark.parametrize("cut", [1, 20, 60])
async def test_a_half_last_line_is_cut_off_and_recorded_anew(path: Path, cut: int) -> None:
    async with reach() as there:
        model = there.model(transport=recording(there, path))
        await answer(model, "a")
        whole = path.read_bytes()
        await answer(model, "b")
        path.write_bytes(path.read_bytes()[:-cut])
        await answer(there.model(transport=recording(there, path)), "b")
        assert there.calls == 3
    assert path.read_bytes().startswith(whole)
    assert lines(path) == 3
    replaying(path)


@pytest.mark.parametrize("left", [b"", b'{"personae_casse'])
async def test_a_cassette_that_was_hardly_begun_begins_again(path: Path, left: bytes) -> None:
    path.write_bytes(left)
    async with reach() as there:
        await answer(there.model(transport=recording(there, path)))
    replaying(path)
    assert lines(path) == 2


def test_a_replay_takes_the_date_of_the_recording_for_its_own(path: Path) -> None:
    Cassette(path, NoNetwork(), now="2026-01-01")
    assert replaying(path).recorded_at == "2026-01-01"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"name": "Ann"}\n', "line of a cassette"),
        ("[]\n", "line of a cassette"),
        ("not json\n", "line of a cassette"),
        ('{"personae_cassette": 9, "recorded_at": ""}\n', "is not a cassette of version 1"),
        ('{"personae_cassette": 1, "recorded_at": ""}\n{"n": 1}\n', ":2: is not a line of a cassette"),
    ],
)
def test_a_file_that_is_no_cassette_is_refused_with_its_line(path: Path, text: str, says: str) -> None:
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        replaying(path)
    assert str(raised.value).startswith(f"{path}:")
    assert says in str(raised.value)


def test_a_cassette_that_cannot_be_written_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be written: No such file"):
        Cassette(tmp_path / "missing" / "run.cassette", NoNetwork(), now="")


async def test_a_reply_that_is_no_json_is_played_back_as_it_is(path: Path) -> None:
    async with reach(Garbage()) as there:
        with pytest.raises(ProviderError, match="upstream connect error"):
            await answer(there.model(transport=recording(there, path), attempts=1))
        with pytest.raises(ProviderError, match="upstream connect error"):
            await answer(there.model(transport=replaying(path), attempts=1))

"""The account of what has been heard, by itself."""
from support.things import AT, a_job

from mlgraph._channels import channels_of
from mlgraph._interest import Interest
from mlgraph.events import parse_event


def take(interest, seq, job="a", type_="job.started", epoch="e"):
    event = parse_event({"type": type_, "timestamp": AT, "data": a_job(job), "id": f"{epoch}-{seq}"})
    return interest.take(event, channels_of(event))


def test_an_event_is_taken_once_and_only_where_somebody_asked():
    interest = Interest()
    assert not take(interest, 1)
    interest.join(["job.a.*"], "e-1")
    assert take(interest, 2) and not take(interest, 2) and not take(interest, 1)
    assert not take(interest, 3, "b") and interest.at == "e-3"


def test_when_the_reading_goes_back_for_one_the_others_hear_nothing_twice():
    interest = Interest()
    interest.join(["job.a.*"], "e-0")
    assert take(interest, 1) and take(interest, 2)
    interest.join(["job.b.*"], "e-0")
    assert interest.at == "e-0"
    assert not take(interest, 1) and take(interest, 2, "b") and take(interest, 3)


def test_what_was_heard_before_it_was_left_is_not_heard_again_unless_it_is_wanted_again():
    for wanted in (False, True):
        interest = Interest()
        interest.join(["job.*"], "e-0")
        assert take(interest, 1)
        interest.leave(["job.*"])
        interest.join(["job.a.*"], "e-0")
        if wanted:
            interest.forget(["job.a.*"])
        assert take(interest, 1) is wanted


def test_behind_a_gap_and_in_another_history_it_goes_on_from_there():
    interest = Interest()
    interest.join(["job.*"], "e-7")
    interest.restart(["job.*"], "f-2")
    assert interest.at == "f-2" and not take(interest, 2, epoch="f") and take(interest, 3, epoch="f")


def test_a_pong_moves_the_place_and_never_back():
    interest = Interest()
    interest.passed("e-3")
    assert interest.at is None
    interest.join(["job.*"], "e-5")
    for id_, at in (("e-4", "e-5"), ("other-9", "e-5"), ("nonsense", "e-5"), ("e-8", "e-8")):
        interest.passed(id_)
        assert interest.at == at


def test_going_back_and_forth_leaves_one_stretch_behind():
    interest = Interest()
    interest.join(["job.*"], "e-0")
    for n in range(1, 50):
        assert take(interest, n)
        interest.join([f"alert.x{n}.*"], "e-0")
        for again in range(1, n + 1):
            assert not take(interest, again)
    assert len(interest._tracked["job.*"].heard) == 1

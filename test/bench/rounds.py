"""How contenders take turns."""


def calls_for(contender, seconds):
    """How many calls take about that long; warms the contender up, too."""
    calls = 1
    while True:
        lap = contender.run(calls)
        if lap.wall_us * calls * 2 > seconds * 1e6:
            return max(1, int(seconds * 1e6 / lap.wall_us))
        calls *= 2


def take_turns(contenders, rounds, seconds):
    """Laps of about that long: a list for each round, in this order."""
    field = [(contender, calls_for(contender, seconds))
             for contender in contenders]
    return [[contender.run(calls) for contender, calls in field]
            for _ in range(rounds)]

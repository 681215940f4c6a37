"""How far a log was sent to Kafka, as whoever looks after it asks."""

from infra.store.place import Place, driver_for, is_url


def relayed_to(place: Place) -> int | None:
    """Return the position up to which a log is relayed, None where it never was.

    Raises NoDriver and other StoreErrors.
    """
    if not is_url(place):
        return None
    with driver_for(place):
        from infra.store.relay import relayed
    return relayed(str(place))

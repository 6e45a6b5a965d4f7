"""What a poster raises when a card was not handed over, or when nobody can tell."""


class PostFailed(Exception):
    """A card was not handed over, or it is not known whether it was (`uncertain`).

    `is_final` says that trying again by itself will not help; `after_seconds` is how long the channel asked to wait.
    `tells` says that a person has to mend something, so that the operator hears of it at the first try.
    """

    def __init__(
        self,
        reason: str,
        *,
        uncertain: bool = False,
        is_final: bool = False,
        after_seconds: float | None = None,
        tells: bool = False,
    ) -> None:
        super().__init__(reason)
        self.uncertain = uncertain
        self.is_final = is_final
        self.after_seconds = after_seconds
        self.tells = tells

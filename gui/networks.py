"""Changing the network in use, and going back."""

from __future__ import annotations

from gui.context import Context


def use_network(context: Context, pack_id: str, said: str, before_title: str) -> None:
    """Put a pack to use and offer the way back to the one before.

    Args:
        context: of the window.
        pack_id: the pack.
        said: what to tell the user.
        before_title: what the pack that is in use until now is called.
    """
    before = context.settings.value.pack
    if before == pack_id:
        return
    context.settings.change("previous_pack", before)
    context.settings.change("pack", pack_id)

    def go_back() -> None:
        use_network(context, before, f"“{before_title}” is in use again.", "the one before")

    context.toasts.show(said, "good", action=f"Go back to {before_title}", act=go_back)

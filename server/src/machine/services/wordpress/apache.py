"""Files of ours that Apache reads beside a person's own."""
import os

from koza import hands


def says(path, text):
    """Make the file say that, or (None) be gone; Apache reads it without disturbing who is being answered, and only if something changed.

    A person's own site may be in the way of reading settings again; that is no reason for a machine not to be ready.
    """
    if text == (path.read_text() if path.exists() else None):
        return
    if text is None:
        path.unlink()
    else:
        hands.write(path, text)
    if not hands.succeeds("systemctl", "try-reload-or-restart", os.environ["APACHE_UNIT"]):
        print(f"notice: the web server does not read its settings again: {path.name} does not hold yet")

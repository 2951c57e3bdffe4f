"""What SNS takes as a message's subject."""

from simulator.call import AwsError


def refuse_bad(subject: str | None) -> None:
    """Publish API, Subject: ASCII, begins with a letter, number or punctuation mark, no line breaks or control

    characters, less than 100 characters. That 100 are taken all the same is getmoto/moto #1503; here they are not.
    """
    if subject is None:
        return
    good = subject.isascii() and subject.isprintable() and subject[:1].strip() and len(subject) < 100
    if not good:
        raise AwsError("InvalidParameter", "Invalid parameter: Subject")

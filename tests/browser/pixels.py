"""Finds a colour in a picture of a page, by the browser itself."""

import base64

from playwright.sync_api import Page

type Colour = tuple[int, int, int]

FIND_PIXELS = """async ([png, [r, g, b]]) => {
  const answer = await fetch(`data:image/png;base64,${png}`);
  const picture = await createImageBitmap(await answer.blob());
  const context = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
  context.drawImage(picture, 0, 0);
  const { data } = context.getImageData(0, 0, picture.width, picture.height);
  const found = [];
  for (let at = 0; at < data.length; at += 4) {
    const far = Math.abs(data[at] - r) + Math.abs(data[at + 1] - g) + Math.abs(data[at + 2] - b);
    const place = at / 4;
    if (far < 24) found.push([place % picture.width, Math.floor(place / picture.width)]);
  }
  return found;
}"""


def find_pixels(page: Page, png: bytes, colour: Colour) -> list[list[int]]:
    """List where in the picture about this `colour` is, as [x, y], from the top."""
    looking = page.context.new_page()  # an empty page: no content policy, and nobody's state
    found = looking.evaluate(FIND_PIXELS, [base64.b64encode(png).decode(), list(colour)])
    looking.close()
    assert isinstance(found, list)
    return found

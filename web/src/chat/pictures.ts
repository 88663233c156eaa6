/** Makes a picture ready to send: not too large, with a small one beside it, and without what the camera wrote into it. */

const FULL_PX_MAX = 2_560;
const SMALL_PX_MAX = 640;
const QUALITY = 0.85;
const SMALL_PNG_BYTES_MAX = 400_000;

export interface ReadyPicture {
  full: Blob;
  small: Blob;
  width: number;
  height: number;
}

/** Gives nothing for what is no picture that this browser knows. */
export async function readyPicture(file: Blob): Promise<ReadyPicture | undefined> {
  const bitmap = await createImageBitmap(file).catch(() => undefined);
  if (!bitmap) return undefined;
  try {
    const moves = file.type === "image/gif";
    // Drawing it anew leaves out place, time and camera, which photographs carry unseen.
    const full = moves ? file : await drawn(bitmap, FULL_PX_MAX, formatFor(file));
    const small = await drawn(bitmap, SMALL_PX_MAX, "image/jpeg");
    const scale = moves ? 1 : scaleTo(bitmap, FULL_PX_MAX);
    return {
      full,
      small,
      width: Math.round(bitmap.width * scale),
      height: Math.round(bitmap.height * scale),
    };
  } finally {
    bitmap.close();
  }
}

/** Drawings and screenshots stay sharp; photographs become JPEG. */
function formatFor(file: Blob): string {
  return file.type === "image/png" && file.size <= SMALL_PNG_BYTES_MAX ? "image/png" : "image/jpeg";
}

function scaleTo({ width, height }: ImageBitmap, px_max: number): number {
  return Math.min(1, px_max / Math.max(width, height));
}

async function drawn(bitmap: ImageBitmap, px_max: number, type: string): Promise<Blob> {
  const scale = scaleTo(bitmap, px_max);
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("this browser cannot draw");
  if (type === "image/jpeg") {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
  }
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("this picture is too large"))), type, QUALITY);
  });
}

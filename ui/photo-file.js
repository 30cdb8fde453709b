/* A picture of the visitor's own, made small here: what is sent is 512 px at most and has no EXIF. */
(() => {
const LONGEST = 512, MOST_BYTES = 40_000_000, HEAD_BYTES = 48, QUALITY = .9;

const base64 = async blob => {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
};
const asBlob = (canvas, type) => new Promise(done => canvas.toBlob(done, type, QUALITY));
const seesThrough = canvas => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 3; i < data.length; i += 4) if (data[i] < 250) return true;
  return false;
};
function shrink(bitmap) {
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height)), canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/* {canvas, photo}: how it is shown, and base64 for the server. Of a file that the browser cannot open
   `photo` is but its first bytes, from which the server tells what it is; canvas is null then. */
trama.smallPhoto = async file => {
  if (file.size > MOST_BYTES) return { canvas: null, photo: null, problem: 'bytes' };
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' }), canvas = shrink(bitmap);
    bitmap.close();
    return { canvas, photo: await base64(await asBlob(canvas, seesThrough(canvas) ? 'image/png' : 'image/jpeg')) };
  } catch {
    return { canvas: null, photo: await base64(file.slice(0, HEAD_BYTES)) };
  }
};

/* The photo as it stands after quarter turns clockwise and the flip. */
trama.standing = (source, { turns, flip }, canvas) => {
  const [w, h] = turns % 2 ? [source.height, source.width] : [source.width, source.height], context = canvas.getContext('2d');
  canvas.width = w;
  canvas.height = h;
  context.translate(w / 2, h / 2);
  if (flip) context.scale(-1, 1);
  context.rotate(turns * Math.PI / 2);
  context.drawImage(source, -source.width / 2, -source.height / 2);
};
})();

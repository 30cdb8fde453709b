/* The page's start: which model it speaks of, then the header, then every screen. */
trama.speakOf(element, server).then(() => {
  trama.header(element, props.origin, trama.asking(server));
  trama.tellMissing();
  dispatchEvent(new Event('trama'));
});

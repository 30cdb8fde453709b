const root = document.querySelector('#photo');
const filling = trama.filling(root, server);
trama.mount(root, () => filling.draw());

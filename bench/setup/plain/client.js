// A client as the two-person tutorial teaches it, in plain JavaScript: it knows the events of the tutorial and nothing
// more. Camera and connection are made when the page loads; one joins, and when both are there, either presses 'call'.
const element = (id) => document.getElementById(id);
const show = (state) => {
  element('state').textContent = state;
  element('call').disabled = state !== 'canCall';
};

const socket = window.io(new URLSearchParams(location.search).get('server'));
const connection = new RTCPeerConnection({});
let roomId = '';

const tell = (type, value) => socket.emit('message', { roomId, data: { type, value } });

connection.onicecandidate = ({ candidate }) => {
  if (candidate) tell('candidate', candidate);
};
connection.ontrack = ({ streams }) => {
  element('theirs').srcObject = streams[0];
  show('connected');
};

socket.on('joined', ({ userNum }) => show(userNum === 2 ? 'canCall' : 'waiting'));
socket.on('full', () => show('full'));
socket.on('otherjoined', () => show('canCall'));
socket.on('bye', () => show('waiting'));
socket.on('leaved', () => show('disconnect'));
socket.on('message', async ({ type, value }) => {
  if (type === 'offer') {
    show('connecting');
    await connection.setRemoteDescription(value);
    const answer = await connection.createAnswer();
    await connection.setLocalDescription(answer);
    tell('answer', answer);
  } else if (type === 'answer') {
    await connection.setRemoteDescription(value);
  } else if (type === 'candidate') {
    await connection.addIceCandidate(value);
  }
});

element('join').onclick = () => {
  roomId = element('room').value;
  socket.emit('join', { roomId });
};
element('call').onclick = async () => {
  show('connecting');
  const offer = await connection.createOffer();
  await connection.setLocalDescription(offer);
  tell('offer', offer);
};
element('leave').onclick = () => socket.emit('leave', { roomId });

async function start() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: true });
  element('own').srcObject = stream;
  for (const track of stream.getTracks()) connection.addTrack(track, stream);
  show('disconnect');
  element('join').disabled = false;
  element('leave').disabled = false;
}
start();

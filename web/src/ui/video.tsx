import { useEffect, useRef, useState } from 'preact/hooks';

interface VideoProps {
  stream: MediaStream | null;
  label?: string;
  muted?: boolean;
  class?: string;
  /** Id of the speaker that its sound comes from; empty for the usual one. */
  speaker?: string | undefined;
  /** Shape of the picture (width divided by height) whenever it changes. */
  onShape?(shape: number): void;
}

/** A picture that plays whatever its stream holds. Without a label it is decoration. */
export function Video({
  stream,
  label,
  muted = false,
  class: className,
  speaker,
  onShape,
}: VideoProps) {
  const ref = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    // A speaker that cannot be had leaves the sound where it is.
    if (speaker !== undefined) void ref.current?.setSinkId?.(speaker).catch(() => {});
  }, [speaker]);
  useEffect(() => {
    const video = ref.current;
    if (!video) return;
    // Neither is an attribute that a change of properties could set in every browser.
    video.muted = muted;
    video.srcObject = stream;
  }, [stream, muted]);
  const tellShape = () => {
    const video = ref.current;
    if (video && video.videoHeight > 0) onShape?.(video.videoWidth / video.videoHeight);
  };
  return (
    <video
      ref={ref}
      class={className}
      autoplay
      playsInline
      // What only this person knows is not worth a window of its own.
      disablePictureInPicture={muted}
      {...(label === undefined ? { 'aria-hidden': true } : { 'aria-label': label })}
      onLoadedMetadata={tellShape}
      onResize={tellShape}
    />
  );
}

/** A stream with the one track, or none; the same object as long as the track is the same. */
export function useStreamOf(track: MediaStreamTrack | null): MediaStream | null {
  const [stream, setStream] = useState<MediaStream | null>(null);
  useEffect(() => setStream(track ? new MediaStream([track]) : null), [track]);
  return stream;
}

package dev.millrace.model.media;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import javax.sound.sampled.AudioInputStream;

/** PCM of any rate and number of channels to one channel of a fixed rate. */
final class Resampler {

  private Resampler() {}

  /**
   * The beginning of a sound, −1..1.
   *
   * @param pcm little endian, signed 16-bit or 32-bit floats, which are cut off at full scale
   * @param most samples of the result, fewer if the sound ends before
   */
  static float[] mono(AudioInputStream pcm, int rate, int most) throws IOException {
    double step = pcm.getFormat().getSampleRate() / rate;
    int channels = pcm.getFormat().getChannels();
    int frames = (int) Math.ceil((most + 1) * step);
    int frameSize = pcm.getFormat().getFrameSize();
    ByteBuffer in = ByteBuffer.wrap(pcm.readNBytes(frameSize * frames));
    float[] mono = new float[in.capacity() / frameSize];
    mix(in.order(ByteOrder.LITTLE_ENDIAN), frameSize / channels == Float.BYTES, channels, mono);
    return resampled(mono, step, most);
  }

  private static void mix(ByteBuffer in, boolean floats, int channels, float[] mono)
      throws IOException {
    for (int i = 0; i < mono.length; i++) {
      float sum = 0;
      for (int c = 0; c < channels; c++) {
        sum += floats ? Math.max(-1, Math.min(1, in.getFloat())) : in.getShort() / 32768f;
      }
      if (Float.isNaN(sum)) {
        throw new IOException("frame " + i + " has NaN, expected numbers");
      }
      mono[i] = sum / channels;
    }
  }

  /** Where samples become fewer each is the mean of those it stands for, else it lies on a line. */
  private static float[] resampled(float[] from, double step, int most) {
    if (step == 1) {
      return java.util.Arrays.copyOf(from, Math.min(from.length, most));
    }
    float[] to = new float[Math.min(most, (int) (from.length / step))];
    for (int i = 0; i < to.length; i++) {
      to[i] = step > 1 ? mean(from, i * step, (i + 1) * step) : between(from, i * step);
    }
    return to;
  }

  private static float mean(float[] x, double from, double to) {
    int first = (int) from;
    int end = Math.min(x.length, Math.max(first + 1, (int) to));
    float sum = 0;
    for (int i = first; i < end; i++) {
      sum += x[i];
    }
    return sum / (end - first);
  }

  private static float between(float[] x, double at) {
    int left = (int) at;
    int right = Math.min(x.length - 1, left + 1);
    return (float) (x[left] + (at - left) * (x[right] - x[left]));
  }
}

package dev.millrace.model.distil;

import dev.millrace.model.base.Likeliest;
import dev.millrace.model.base.TwoThreads;
import dev.millrace.model.pretrain.Windows;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * What a teacher says of each window, on disk: it is asked once, however often a window is trained
 * on and by however many students. Windows lie in the order in which the first pass takes them, so
 * that a short run asks for few. A file that was cut off goes on where it ends.
 *
 * <p>A likely token takes four bytes: 20 bits of id, 12 of log-probability in steps of 1/256.
 */
final class SoftTargets implements AutoCloseable {

  private static final int ID_BITS = 20;
  private static final int STEPS = 256;
  private static final int MOST = (1 << (Integer.SIZE - ID_BITS)) - 1;

  /** Windows that each of two threads asks for at a time. */
  private static final int CALL = 8;

  private final Windows windows;
  private final int time;
  private final int count;
  private final FileChannel file;
  private final int[] recordOf;

  private SoftTargets(Windows windows, int time, int count, FileChannel file) {
    this.windows = windows;
    this.time = time;
    this.count = count;
    this.file = file;
    this.recordOf = new int[windows.count()];
    for (int n = 0; n < recordOf.length; n++) {
      recordOf[windows.place(n)] = n;
    }
  }

  /**
   * Opens a file, which begins empty; its name has to say all that its content hangs on.
   *
   * @param time tokens that a window predicts
   * @param count of tokens that the teacher names
   */
  static SoftTargets open(Path path, Windows windows, int time, int count) throws IOException {
    Files.createDirectories(path.toAbsolutePath().getParent());
    FileChannel file =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    return new SoftTargets(windows, time, count, file);
  }

  /** Asks the teacher for the first windows, as many as are wanted and missing. */
  void ask(Teacher teacher, long wanted, BiConsumer<Long, Long> progress) throws IOException {
    if (teacher.base().config().vocabSize() > 1 << ID_BITS) {
      throw new IllegalArgumentException(
          "vocab_size %d, expected at most %d"
              .formatted(teacher.base().config().vocabSize(), 1 << ID_BITS));
    }
    long all = Math.min(wanted, windows.count());
    try (TwoThreads threads = new TwoThreads("a call of the teacher")) {
      for (long n = file.size() / record(); n < all; ) {
        long middle = Math.min(all, n + CALL);
        long end = Math.min(all, middle + CALL);
        List<ByteBuffer> said =
            threads.run(List.of(asked(teacher, n, middle), asked(teacher, middle, end)));
        write(n, said.get(0));
        write(middle, said.get(1));
        n = end;
        progress.accept(n, all);
      }
    }
  }

  private Supplier<ByteBuffer> asked(Teacher teacher, long from, long to) {
    List<int[]> texts = new ArrayList<>();
    for (long n = from; n < to; n++) {
      texts.add(windows.at(windows.place(n)));
    }
    return () -> {
      ByteBuffer bytes = ByteBuffer.allocate(texts.size() * record());
      teacher.says(texts).forEach(said -> put(said, bytes));
      return bytes.flip();
    };
  }

  private int record() {
    return Integer.BYTES * time * count;
  }

  private static void put(Likeliest said, ByteBuffer into) {
    for (int i = 0; i < said.tokens().length; i++) {
      int steps = Math.min(MOST, Math.round(-said.logProbs()[i] * STEPS));
      into.putInt((steps << ID_BITS) | said.tokens()[i]);
    }
  }

  private void write(long n, ByteBuffer bytes) throws IOException {
    long at = n * record();
    while (bytes.hasRemaining()) {
      at += file.write(bytes, at);
    }
  }

  /** What the teacher said of a window. */
  Likeliest at(int place) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(record());
    long from = (long) recordOf[place] * record();
    while (bytes.hasRemaining()) {
      if (file.read(bytes, from + bytes.position()) < 0) {
        throw new EOFException("the teacher was not asked for window " + place);
      }
    }
    bytes.flip();
    int[] tokens = new int[time * count];
    float[] logProbs = new float[tokens.length];
    for (int i = 0; i < tokens.length; i++) {
      int word = bytes.getInt();
      tokens[i] = word & ((1 << ID_BITS) - 1);
      logProbs[i] = -(float) (word >>> ID_BITS) / STEPS;
    }
    return new Likeliest(count, tokens, logProbs);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}

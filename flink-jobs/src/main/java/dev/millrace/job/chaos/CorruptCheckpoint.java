package dev.millrace.job.chaos;

import dev.millrace.job.io.KeptCheckpoints;
import dev.millrace.model.release.ReleaseFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The learn job is lost, and of its newest checkpoint a file is changed or cut that the one before
 * has not. It goes on from that one, and makes again what it had made since.
 */
record CorruptCheckpoint() implements Fault {

  static final String NAME = "corrupt-checkpoint";

  @Override
  public Struck strike(Site site, RandomGenerator random) throws InterruptedException {
    try {
      String folder = ReleaseFiles.uri(site.checkpoints().resolve(site.jobs().learn()));
      if (!site.jobs().await(() -> hasOlder(folder))) {
        throw new IllegalStateException("no second checkpoint is kept in " + folder);
      }
      site.jobs().loseLearn();
      List<String> kept = KeptCheckpoints.newestFirst(folder);
      String newest = kept.get(0);
      String what = damage(ownFiles(newest, kept.get(1)), random);
      return new Struck(what, () -> goOn(site, folder, newest));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean hasOlder(String folder) {
    try {
      return KeptCheckpoints.newestFirst(folder).size() > 1;
    } catch (IOException e) {
      return false; // not yet
    }
  }

  private static List<String> ownFiles(String newest, String before) throws IOException {
    List<String> files = new ArrayList<>(KeptCheckpoints.files(newest));
    files.removeAll(KeptCheckpoints.files(before));
    return files;
  }

  private static String damage(List<String> files, RandomGenerator random) throws IOException {
    Path file = Path.of(files.get(random.nextInt(files.size())).replaceFirst("^file:", ""));
    Path name = file.subpath(file.getNameCount() - 2, file.getNameCount());
    long at = random.nextLong(Files.size(file));
    try (FileChannel bytes =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      if (random.nextBoolean()) {
        bytes.truncate(at);
        return name + " cut to " + at + " bytes";
      }
      ByteBuffer one = ByteBuffer.allocate(1);
      bytes.read(one, at);
      one.put(0, (byte) (one.get(0) ^ 1 << random.nextInt(Byte.SIZE)));
      bytes.write(one.flip(), at);
      return name + " changed at byte " + at;
    }
  }

  private static void goOn(Site site, String folder, String damaged) throws InterruptedException {
    List<String> said = new ArrayList<>();
    try {
      String from = KeptCheckpoints.choose(folder, said::add);
      if (said.isEmpty() || from.equals(damaged)) {
        throw new IllegalStateException(damaged + " was damaged, and the job would go on from it");
      }
      site.jobs().startLearn(from);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

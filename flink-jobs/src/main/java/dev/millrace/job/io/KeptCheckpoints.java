package dev.millrace.job.io;

import dev.millrace.schema.wire.ErrorLine;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FileStatus;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.apache.flink.core.fs.UnsupportedFileSystemSchemeException;
import org.apache.flink.runtime.checkpoint.Checkpoints;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.jspecify.annotations.Nullable;

/** The checkpoints that a job has left in its folder. */
public final class KeptCheckpoints {

  private static final String METADATA = "_metadata";
  private static final String NAME = "chk-";

  /** Not a copy that somebody made, such as {@code chk-7.kept}. */
  private static final Pattern NUMBERED = Pattern.compile(NAME + "\\d{1,18}");

  private KeptCheckpoints() {}

  /** The class that writes checkpoints so that damage to them is found. */
  public static String storage() {
    return CheckedStorage.Factory.class.getName();
  }

  /** The class of the state backend that keeps such checkpoints' state in RocksDB. */
  public static String rocksDb() {
    return CheckedRocksDb.Factory.class.getName();
  }

  /**
   * Where to go on: a savepoint or checkpoint as it is named, or the newest whole checkpoint in a
   * job's folder.
   *
   * @param damaged is told of each that is newer and not whole, a line
   * @throws IOException if there is none
   */
  public static String choose(String uri, Consumer<String> damaged) throws IOException {
    Path named = new Path(uri);
    if (!isJobsFolder(named)) {
      return uri;
    }
    List<Path> kept = kept(named);
    for (Path checkpoint : kept) {
      String problem = problem(checkpoint);
      if (problem.isEmpty()) {
        return checkpoint.toString();
      }
      damaged.accept(checkpoint.getName() + " is damaged: " + problem);
    }
    throw new IOException(
        kept.isEmpty()
            ? "no checkpoint in " + uri + ", expected one such as chk-1"
            : "all %d checkpoints in %s are damaged; go on from a savepoint, or without one (docs/operations.md, Stop, upgrade, restore)"
                .formatted(kept.size(), uri));
  }

  /** False too where only the cluster knows the file system. */
  private static boolean isJobsFolder(Path named) throws IOException {
    try {
      FileSystem files = named.getFileSystem();
      return files.exists(named)
          && files.getFileStatus(named).isDir()
          && !files.exists(new Path(named, METADATA));
    } catch (UnsupportedFileSystemSchemeException e) {
      return false;
    }
  }

  /**
   * Where to go on from what was written last and has the state of an operator: a savepoint, or a
   * job's folder of checkpoints; empty if there is none.
   *
   * @param folders of jobs' folders of checkpoints, and of savepoints
   * @param uid of the operator
   */
  public static Optional<java.nio.file.Path> last(List<java.nio.file.Path> folders, String uid)
      throws IOException {
    Metadata found = new Metadata();
    for (java.nio.file.Path folder : folders) {
      Files.walkFileTree(folder, Set.of(), 3, found);
    }
    for (java.nio.file.Path metadata : found.newestFirst()) {
      if (holds(metadata, uid)) {
        java.nio.file.Path kept = Objects.requireNonNull(metadata.getParent());
        boolean numbered = NUMBERED.matcher(kept.getFileName().toString()).matches();
        return Optional.ofNullable(numbered ? kept.getParent() : kept);
      }
    }
    return Optional.empty();
  }

  /** Finds what checkpoints begin with, also where a job that runs deletes some meanwhile. */
  private static final class Metadata extends SimpleFileVisitor<java.nio.file.Path> {
    private final Map<java.nio.file.Path, FileTime> written = new HashMap<>();

    List<java.nio.file.Path> newestFirst() {
      return written.entrySet().stream()
          .sorted(Map.Entry.<java.nio.file.Path, FileTime>comparingByValue().reversed())
          .map(Map.Entry::getKey)
          .toList();
    }

    @Override
    public FileVisitResult visitFile(java.nio.file.Path file, BasicFileAttributes attributes) {
      if (file.endsWith(METADATA)) {
        written.put(file, attributes.lastModifiedTime());
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(java.nio.file.Path file, IOException e)
        throws IOException {
      return passedOver(e);
    }

    @Override
    public FileVisitResult postVisitDirectory(java.nio.file.Path folder, @Nullable IOException e)
        throws IOException {
      return e == null ? FileVisitResult.CONTINUE : passedOver(e);
    }

    private static FileVisitResult passedOver(IOException e) throws IOException {
      if (e instanceof NoSuchFileException) {
        return FileVisitResult.CONTINUE;
      }
      throw e;
    }
  }

  private static boolean holds(java.nio.file.Path metadata, String uid) {
    try {
      return read(new Path(metadata.toUri())).getOperatorStates().stream()
          .anyMatch(operator -> operator.getOperatorUid().filter(uid::equals).isPresent());
    } catch (IOException e) {
      return false; // damaged, or removed meanwhile
    }
  }

  /** The URIs of those in a job's folder that were completed. */
  public static List<String> newestFirst(String folder) throws IOException {
    return kept(new Path(folder)).stream().map(Path::toString).toList();
  }

  /** The URIs of a checkpoint's files: those in its folder, and those that others have too. */
  public static List<String> files(String checkpoint) throws IOException {
    Path folder = new Path(checkpoint);
    return Stream.concat(
            Arrays.stream(folder.getFileSystem().listStatus(folder))
                .map(FileStatus::getPath)
                .sorted(Comparator.comparing(Path::getName)),
            shared(new Path(folder, METADATA)).stream())
        .map(Path::toString)
        .toList();
  }

  private static List<Path> kept(Path folder) throws IOException {
    FileSystem files = folder.getFileSystem();
    List<Path> kept = new ArrayList<>();
    for (FileStatus one : files.listStatus(folder)) {
      Path path = one.getPath();
      if (NUMBERED.matcher(path.getName()).matches() && files.exists(new Path(path, METADATA))) {
        kept.add(path);
      }
    }
    kept.sort(
        Comparator.comparingLong(
                (Path path) -> Long.parseLong(path.getName().substring(NAME.length())))
            .reversed());
    return kept;
  }

  /**
   * Makes sure that every file is as it was written.
   *
   * @throws IOException naming the one that is not
   */
  static void requireWhole(Path checkpoint) throws IOException {
    String problem = problem(checkpoint);
    if (!problem.isEmpty()) {
      throw new IOException("checkpoint " + checkpoint + " is damaged: " + problem);
    }
  }

  /**
   * Of one without any checksum, as jobs without a folder of their own leave them, less is known.
   */
  private static String problem(Path checkpoint) throws IOException {
    FileSystem files = checkpoint.getFileSystem();
    FileStatus[] all = files.listStatus(checkpoint);
    Arrays.sort(all, Comparator.comparing(file -> file.getPath().getName()));
    List<String> problems = new ArrayList<>();
    boolean checked = false;
    for (FileStatus file : all) {
      Trailer.Problem problem = problem(files, file);
      checked |= !problem.missing();
      if (!problem.text().isEmpty()) {
        problems.add(file.getPath().getName() + " " + problem.text());
      }
    }
    if (!checked && !isBesideChecked(checkpoint)) {
      return unreadable(new Path(checkpoint, METADATA));
    }
    if (!problems.isEmpty()) {
      return problems.get(0);
    }
    for (Path file : shared(new Path(checkpoint, METADATA))) {
      String problem =
          files.exists(file) ? problem(files, files.getFileStatus(file)).text() : "is missing";
      if (!problem.isEmpty()) {
        return file.getName() + " " + problem;
      }
    }
    return "";
  }

  /** Whether the job has kept another with checksums: it gives them to all or to none. */
  private static boolean isBesideChecked(Path checkpoint) throws IOException {
    boolean numbered = NUMBERED.matcher(checkpoint.getName()).matches();
    FileSystem files = checkpoint.getFileSystem();
    for (Path other : numbered ? kept(checkpoint.getParent()) : List.<Path>of()) {
      if (!problem(files, files.getFileStatus(new Path(other, METADATA))).missing()) {
        return true;
      }
    }
    return false;
  }

  private static String unreadable(Path metadata) {
    try {
      CheckpointMetadata unused = read(metadata);
      return "";
    } catch (IOException e) {
      return METADATA + " cannot be read: " + ErrorLine.of(e);
    }
  }

  /** The files that a checkpoint has in common with others: an incremental one's. */
  private static Set<Path> shared(Path metadata) throws IOException {
    Set<Path> files = new LinkedHashSet<>();
    for (OperatorState operator : read(metadata).getOperatorStates()) {
      for (OperatorSubtaskState subtask : operator.getStates()) {
        for (KeyedStateHandle keyed : subtask.getManagedKeyedState()) {
          if (keyed instanceof IncrementalRemoteKeyedStateHandle incremental) {
            incremental.getSharedState().stream()
                .flatMap(file -> file.getHandle().maybeGetPath().stream())
                .forEach(files::add);
          }
        }
      }
    }
    return files;
  }

  private static CheckpointMetadata read(Path metadata) throws IOException {
    try (var in = new DataInputStream(metadata.getFileSystem().open(metadata))) {
      return Checkpoints.loadCheckpointMetadata(
          in, KeptCheckpoints.class.getClassLoader(), metadata.getParent().toString());
    } catch (RuntimeException e) { // what Flink throws depends on which byte was changed
      throw new IOException(metadata + " is damaged: " + ErrorLine.of(e), e);
    }
  }

  private static Trailer.Problem problem(FileSystem files, FileStatus file) throws IOException {
    try (FSDataInputStream in = files.open(file.getPath())) {
      return Trailer.problem(in, file.getLen());
    }
  }
}

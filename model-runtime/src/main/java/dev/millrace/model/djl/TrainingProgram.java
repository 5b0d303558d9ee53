package dev.millrace.model.djl;

import ai.djl.Device;
import dev.millrace.model.program.Layout;
import dev.millrace.model.program.MatrixFormat;
import dev.millrace.model.program.ProgramSource;
import dev.millrace.model.weights.Checkpoint;
import dev.millrace.model.weights.InvalidWeightsException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The program of a base that trains, loaded when somebody first needs it and freed when the last of
 * them leaves: it is several times as large as what serves, which others may go on with.
 */
final class TrainingProgram {

  private final String id;

  /** Where the checkpoint lies; some may be gone when it is read. */
  private final Set<Path> folders = new LinkedHashSet<>();

  private final Layout layout;
  private final MatrixFormat format;
  private final @Nullable Program served;
  private final Device device;
  private final AnchorStates anchors = new AnchorStates();

  /** Who has needed it. */
  private final Set<Object> users = new HashSet<>();

  private @Nullable Program program;

  /**
   * @param id of the checkpoint, which must still be the same when it is loaded
   * @param format of what serves, whose numbers it holds
   * @param served the program that serves, of which it takes what it can, where it runs as well
   * @param device where it runs
   */
  TrainingProgram(
      String id,
      Path folder,
      Layout layout,
      MatrixFormat format,
      @Nullable Program served,
      Device device) {
    this.id = id;
    this.folders.add(folder);
    this.layout = layout;
    this.format = format;
    this.served = served;
    this.device = device;
  }

  /** Where the same checkpoint lies too. */
  synchronized void liesToo(Path folder) {
    folders.removeIf(other -> !Files.isDirectory(other));
    folders.add(folder);
  }

  private Path folder() {
    return folders.stream()
        .filter(Files::isDirectory)
        .findFirst()
        .orElseGet(() -> folders.iterator().next());
  }

  /**
   * The program.
   *
   * @param user needs it until it {@linkplain #leave leaves}
   */
  synchronized Program program(Object user) {
    users.add(user);
    if (program != null) {
      return program;
    }
    Path folder = folder();
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      String found = checkpoint.id();
      if (!found.equals(id)) {
        throw new InvalidWeightsException(
            "%s: the checkpoint is now %s, expected %s as when it was opened"
                .formatted(folder, found, id));
      }
      return fill(new ProgramWeights(layout, checkpoint));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + folder, e);
    }
  }

  /** The program, which serves too: it stays. */
  synchronized Program serving(ProgramWeights weights) {
    users.add(this);
    return fill(weights);
  }

  private Program fill(ProgramWeights weights) {
    boolean asServed = served != null && format == MatrixFormat.INT8_IN_FP16;
    String source = ProgramSource.float32(weights.config(), layout, asServed);
    Program filled =
        Program.compile(
            source,
            device,
            compiled -> {
              if (served != null && asServed) {
                compiled.share(served);
              }
              weights.training(compiled, format != MatrixFormat.FLOAT32, served);
            });
    program = filled;
    return filled;
  }

  /** By this program. */
  AnchorStates anchors() {
    return anchors;
  }

  synchronized boolean isNot(Program other) {
    return program != other;
  }

  /** A user needs it no more. */
  synchronized void leave(Object user) {
    if (users.remove(user) && users.isEmpty()) {
      close();
    }
  }

  synchronized void close() {
    anchors.clear();
    if (program != null) {
      program.close();
      program = null;
    }
  }
}

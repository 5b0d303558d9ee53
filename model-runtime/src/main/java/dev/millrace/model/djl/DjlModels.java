package dev.millrace.model.djl;

import ai.djl.Device;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.program.Layout;
import dev.millrace.model.program.MatrixFormat;
import dev.millrace.model.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Opens base models: one copy a process for each (checkpoint, precision), freed when its last user
 * closes it. What trains is freed when the last of those closes it who have trained.
 */
public final class DjlModels {

  private static final Map<Key, Shared> OPEN = new HashMap<>();

  private DjlModels() {}

  private record Key(String id, Precision precision, Device trainsOn) {}

  private static final class Shared {
    private final DjlModel model;
    private int users;

    Shared(DjlModel model) {
      this.model = model;
    }
  }

  /** Where adapters may add to a base of this shape, in the order of its layers. */
  public static List<Site> sites(MoeConfig config) {
    return new Layout(config).sites();
  }

  /** Opens a HuggingFace checkpoint folder; the caller closes it once. */
  public static BaseModel open(Path folder, Precision precision) throws IOException {
    return openModel(folder, precision);
  }

  /**
   * The same.
   *
   * @param progress hears how far it is, unless this process has it open already
   */
  public static BaseModel open(Path folder, Precision precision, LoadProgress progress)
      throws IOException {
    return open(folder, precision, Device.cpu(), progress, () -> {});
  }

  /**
   * The same.
   *
   * @param before is run for each block of its files, and for each of its matrices unless this
   *     process has it open already; what it throws ends the opening
   */
  public static BaseModel open(Path folder, Precision precision, Runnable before)
      throws IOException {
    return openModel(folder, precision, before);
  }

  /**
   * The same for who trains: a copy of its own where that is not the CPU.
   *
   * @param device {@link Devices#CPU} or {@link Devices#GPU}
   */
  public static BaseModel openToTrain(Path folder, Precision precision, String device)
      throws IOException {
    return open(folder, precision, Devices.device(device), new LoggedProgress(folder), () -> {});
  }

  static DjlModel openModel(Path folder, Precision precision) throws IOException {
    return openModel(folder, precision, () -> {});
  }

  static DjlModel openModel(Path folder, Precision precision, Runnable before) throws IOException {
    LoadProgress logged = new LoggedProgress(folder);
    return open(
        folder,
        precision,
        Device.cpu(),
        (done, total) -> {
          before.run();
          logged.loaded(done, total);
        },
        before);
  }

  private static DjlModel open(
      Path folder, Precision precision, Device trainsOn, LoadProgress progress, Runnable before)
      throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      Key key = new Key(checkpoint.id(before), precision, trainsOn);
      synchronized (OPEN) {
        Shared shared = OPEN.get(key);
        if (shared == null) {
          shared =
              new Shared(
                  new DjlModel(
                      key.id,
                      folder,
                      checkpoint,
                      precision.format(checkpoint.config()),
                      trainsOn,
                      progress,
                      DjlModel::free));
          OPEN.put(key, shared);
        } else {
          shared.model.liesToo(folder);
        }
        shared.users++;
        return shared.model.opened(closed -> release(key));
      }
    }
  }

  /**
   * Opens a copy that nobody else has, whose tokens may use experts of few groups only; for
   * measuring. The caller closes it once.
   */
  public static BaseModel openLimited(Path folder, int groups, int topkGroups) throws IOException {
    try (Checkpoint checkpoint =
        Checkpoint.open(folder, config -> config.withGroups(groups, topkGroups))) {
      MatrixFormat format = MatrixFormat.int8(checkpoint.config());
      return alone(folder, checkpoint, format, LoadProgress.SILENT);
    }
  }

  /** Opens a copy that nobody else has; the caller closes it once. */
  static DjlModel openAlone(Path folder, Precision precision, LoadProgress progress)
      throws IOException {
    return openAlone(folder, 1, precision, progress);
  }

  /** The same for texts of so many tokens, also where the checkpoint says less. */
  static DjlModel openAlone(Path folder, int tokens, Precision precision, LoadProgress progress)
      throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(folder, config -> config.withRoomFor(tokens))) {
      return alone(folder, checkpoint, precision.format(checkpoint.config()), progress);
    }
  }

  /** The same in a format that is not its own, and with a program for all that it computes. */
  static DjlModel openAlone(Path folder, MatrixFormat format) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      return alone(folder, checkpoint, format, LoadProgress.SILENT).byProgram();
    }
  }

  private static DjlModel alone(
      Path folder, Checkpoint checkpoint, MatrixFormat format, LoadProgress progress)
      throws IOException {
    return new DjlModel(
        checkpoint.id(), folder, checkpoint, format, Device.cpu(), progress, DjlModel::free);
  }

  private static void release(Key key) {
    synchronized (OPEN) {
      Shared shared = OPEN.get(key);
      if (shared != null && --shared.users == 0) {
        OPEN.remove(key);
        shared.model.free();
      }
    }
  }
}

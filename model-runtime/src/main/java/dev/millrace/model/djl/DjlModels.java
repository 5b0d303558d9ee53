package dev.millrace.model.djl;

import dev.millrace.model.base.BaseModel;
import dev.millrace.model.weights.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Opens base models: one copy a process for each (checkpoint, precision), freed when its last user
 * closes it.
 */
public final class DjlModels {

  private static final Map<Key, Shared> OPEN = new HashMap<>();

  private DjlModels() {}

  private record Key(String id, Precision precision) {}

  private static final class Shared {
    private final DjlModel model;
    private int users;

    Shared(DjlModel model) {
      this.model = model;
    }
  }

  /** Opens a HuggingFace checkpoint folder; the caller closes it once. */
  public static BaseModel open(Path folder, Precision precision) throws IOException {
    return openModel(folder, precision);
  }

  static DjlModel openModel(Path folder, Precision precision) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      Key key = new Key(checkpoint.id(), precision);
      synchronized (OPEN) {
        Shared shared = OPEN.get(key);
        if (shared == null) {
          OlmoeWeights weights = OlmoeWeights.read(checkpoint);
          shared =
              new Shared(
                  new DjlModel(
                      key.id, checkpoint.config(), weights, precision, () -> release(key)));
          OPEN.put(key, shared);
        }
        shared.users++;
        return shared.model;
      }
    }
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

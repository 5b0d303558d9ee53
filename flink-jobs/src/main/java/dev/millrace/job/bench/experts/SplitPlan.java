package dev.millrace.job.bench.experts;

import dev.millrace.model.base.ExpertLayer;
import dev.millrace.model.config.MoeConfigs;
import dev.millrace.model.djl.ExpertLayers;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;

/**
 * A layer of a checkpoint, and how it is split.
 *
 * @param limit of the groups that a token may use
 * @param copying what of a token crosses to a group
 */
public record SplitPlan(String folder, int layer, Placement placement, int limit, Copying copying)
    implements Serializable {

  /** How often a token crosses. */
  public enum Copying {
    /** Once for each of its experts. */
    EACH_EXPERT,
    /** Once for each group that has experts of it. */
    EACH_GROUP
  }

  /**
   * Reads how many experts the checkpoint has.
   *
   * @param groups that lie apart
   * @param parts of a group
   */
  public static SplitPlan of(
      Path folder, int layer, int groups, int parts, int limit, Copying copying)
      throws IOException {
    int experts = MoeConfigs.read(folder.resolve("config.json")).router().numExperts();
    Placement placement = new Placement(groups, parts, experts);
    return new SplitPlan(folder.toString(), layer, placement, limit, copying);
  }

  ExpertLayer openRouter() throws IOException {
    return ExpertLayers.router(Path.of(folder), layer, placement.groups(), limit);
  }

  ExpertLayer openPart(int group, int part) throws IOException {
    int first = placement.first(group, part);
    return ExpertLayers.experts(Path.of(folder), layer, first, first + placement.size());
  }

  /** How many copies of a token may have keys of their own. */
  int keysOfToken() {
    return copying == Copying.EACH_EXPERT ? placement.experts() : 1;
  }

  /** The layer as it is when nothing is split; the caller closes it. */
  public ExpertLayer openWhole() throws IOException {
    return ExpertLayers.open(Path.of(folder), layer, placement.groups(), limit);
  }
}

package dev.millrace.adapter.align;

import dev.millrace.model.align.KnownPairs;
import dev.millrace.model.align.Places;
import dev.millrace.schema.Origin;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the encoders know: half of each kind anchors training, half judges what comes of it.
 *
 * @param judging by kind
 */
record KnownHalves(List<PairPlaces> anchors, SortedMap<String, List<PairPlaces>> judging) {

  static KnownHalves of(KnownPairs known) {
    List<PairPlaces> anchors = new ArrayList<>();
    SortedMap<String, List<PairPlaces>> judging = new TreeMap<>();
    known
        .byKind()
        .forEach(
            (kind, places) -> {
              List<PairPlaces> pairs = pairs(kind, places);
              anchors.addAll(pairs.subList(0, pairs.size() / 2));
              judging.put(kind, pairs.subList(pairs.size() / 2, pairs.size()));
            });
    return new KnownHalves(List.copyOf(anchors), judging);
  }

  /** Each has a caption of its own. */
  private static List<PairPlaces> pairs(String kind, List<Places> places) {
    List<PairPlaces> pairs = new ArrayList<>();
    for (int i = 0; i < places.size(); i++) {
      String id = kind + " " + i;
      pairs.add(new PairPlaces(id, Origin.NOWHERE, id.hashCode(), places.get(i)));
    }
    return pairs;
  }
}

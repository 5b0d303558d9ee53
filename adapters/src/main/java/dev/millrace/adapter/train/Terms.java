package dev.millrace.adapter.train;

import dev.millrace.model.release.Routing;

/**
 * Under what a lesson is learned.
 *
 * @param domain whose lesson it is, its tenant included
 * @param routing that what comes of it is to serve with
 * @param anchors how many times as much they weigh as the configuration has it; {@link
 *     #ANCHORS_ALONE} where no text teaches
 * @param precision of the products, whatever a trainer's own plan says
 */
public record Terms(String domain, Routing routing, double anchors, TrainPrecision precision) {

  /** They weigh infinitely more than any text. */
  public static final double ANCHORS_ALONE = Double.POSITIVE_INFINITY;
}

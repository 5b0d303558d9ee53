package dev.millrace.adapter.gate;

/**
 * How far a candidate goes from what was there before.
 *
 * @param protectedRise of losses against the base
 * @param routing how it uses the experts
 */
record Harm(ProtectedRise protectedRise, Usage routing) {

  /**
   * How far one may go from a start to here within the bounds, as a share of the way; 0 if nobody
   * knows.
   *
   * @param start what the same routing makes of the adapter that serves
   */
  double reach(ProtectedRise start, GateConfig config) {
    double apart = 1 - routing.agreement();
    double allowed = 1 - config.minRoutingAgreement();
    double byRouting = apart <= allowed ? 1 : allowed / apart;
    double reach = Math.min(byRouting, protectedRise.reach(start, config));
    return Double.isNaN(reach) ? 0 : reach;
  }

  /**
   * How an adapter uses the experts, on held-out samples.
   *
   * @param agreement share of a token's experts that are those of the incumbent
   * @param activeShare of the experts that a token gets on average
   * @param lastLayer (experts): which part of the choices of the last sparse layer fell on each;
   *     empty where no layer is sparse
   */
  record Usage(double agreement, double activeShare, double[] lastLayer) {}
}

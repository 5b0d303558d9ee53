package dev.millrace.job.bench;

/** One way to learn a course. */
interface Pupil {

  String name();

  /** Learns what a subject teaches in one of its visits. */
  void learn(Subject subject, int visit);

  /** Sum of log-probabilities of the subject's texts as they would be answered now, nats. */
  double logProb(Subject subject);
}

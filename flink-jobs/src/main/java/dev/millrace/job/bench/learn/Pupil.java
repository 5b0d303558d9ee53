package dev.millrace.job.bench.learn;

import java.util.function.ToDoubleFunction;

/** One way to learn a course. */
interface Pupil {

  String name();

  /** Learns what a subject teaches in one of its visits. */
  void learn(Subject subject, int visit);

  /** Sum of log-probabilities of the subject's texts as they would be answered now, nats. */
  double logProb(Subject subject);

  /** One that learns with another, and answers otherwise. */
  static Pupil beside(String name, ToDoubleFunction<Subject> logProb) {
    return new Pupil() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public void learn(Subject subject, int visit) {
        throw new UnsupportedOperationException("it learns with the other");
      }

      @Override
      public double logProb(Subject subject) {
        return logProb.applyAsDouble(subject);
      }
    };
  }
}

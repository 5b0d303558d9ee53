package dev.millrace.model.base;

import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.adapter.Site;
import dev.millrace.model.config.MoeConfig;
import dev.millrace.model.release.Routing;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A frozen language model, shared by scorer, trainer, gate and server. Safe for use by several
 * threads. An answer is a function of its own sequence and adapter, whatever else is in the call.
 */
public interface BaseModel extends AutoCloseable {

  /** SHA-256 over the checkpoint's config and weights, hexadecimal. */
  String id();

  MoeConfig config();

  /** Where adapters may add, in the order of the layers. */
  List<Site> sites();

  /** Copies an adapter to native memory for serving; the caller closes it. */
  LoadedAdapter load(AdapterWeights adapter);

  /** The adapter that changes nothing; closing it does nothing. */
  LoadedAdapter noAdapter();

  /**
   * The same base, whose adapters serve and train under a routing; without an adapter tokens get
   * the top k as ever. It shares the base's memory, and closing it does nothing.
   *
   * @throws IllegalArgumentException if it is not a routing of this base
   */
  BaseModel under(Routing routing);

  /** Log-probabilities of each sequence, on the weights that serve. */
  List<TokenScores> score(List<Sequence> sequences);

  /**
   * The tokens that each sequence's model holds likeliest next, on the weights that serve.
   *
   * @param count of tokens, at most vocab_size
   * @param temperature that logits are divided by
   */
  List<Likeliest> likeliest(List<Sequence> sequences, int count, double temperature);

  /** The experts that each token but the last is read by, on the weights that serve. */
  List<Routes> routes(List<Sequence> sequences);

  /** Both of them, in the time that the scores take. */
  default List<RoutedScores> scoreRouted(List<Sequence> sequences) {
    List<TokenScores> scores = score(sequences);
    List<Routes> routes = routes(sequences);
    return IntStream.range(0, sequences.size())
        .mapToObj(i -> new RoutedScores(scores.get(i), routes.get(i)))
        .toList();
  }

  /** Scores and embeddings of each sequence by the base alone, on the weights that serve. */
  List<Reading> read(List<int[]> sequences);

  /** The same scores through the program that trains, on the dequantized weights. */
  List<TokenScores> scoreAsTrained(AdapterWeights adapter, List<int[]> sequences);

  /**
   * Opens a running batch, on the weights that serve; the caller closes it.
   *
   * @param slots tokens that its cache holds, prompts and answers together
   */
  Decoding decoding(int slots);

  /** Continues each prompt, on the weights that serve. */
  default List<Generation> generate(List<Prompt> prompts) {
    return generate(prompts, () -> {});
  }

  /**
   * The same.
   *
   * @param before is run for each token; what it throws ends the generating
   */
  default List<Generation> generate(List<Prompt> prompts, Runnable before) {
    return Generations.of(this, prompts, before);
  }

  /** Mean of the last hidden states over the sequence, L2-normalised: (hidden_size). */
  List<float[]> embed(List<int[]> sequences);

  /**
   * How many tokens a micro-batch of each thread may have for all that they need beside the weights
   * to keep within some memory; 0 if it holds none.
   */
  int tokensWithin(long bytes, int threads, Computation computation);

  /**
   * Loss and gradients of an adapter on one micro-batch, on the dequantized weights. Where a
   * teacher says what is to be predicted, all that it holds beyond its likeliest tokens is one
   * outcome.
   *
   * @throws IllegalArgumentException if it says so of some sequences, and of others not
   */
  Gradients gradients(
      AdapterWeights adapter, List<WeightedSequence> microBatch, Computation computation);

  /**
   * The same for what the base should go on saying (Li and Hoiem, Learning without Forgetting,
   * arXiv 1606.09282): the loss of a prediction is KL(base ‖ adapted), nats.
   */
  Gradients anchorGradients(
      AdapterWeights adapter, List<WeightedSequence> microBatch, Computation computation);

  /**
   * Computes and keeps what {@link #anchorGradients} of these rows will ask of the base alone; its
   * result is the same without.
   */
  default void readAhead(List<WeightedSequence> anchors, Computation computation) {}

  /**
   * The same for what an earlier adapter said (Hinton, Vinyals and Dean, Distilling the Knowledge
   * in a Neural Network, arXiv 1503.02531): the loss of a prediction is KL(teacher ‖ adapted),
   * nats.
   */
  Gradients teacherGradients(
      AdapterWeights adapter,
      AdapterWeights teacher,
      List<WeightedSequence> microBatch,
      Computation computation);

  /**
   * Loss and gradients of prefixes on one micro-batch, by the base alone, on the dequantized
   * weights.
   *
   * @param tokens of each sequence, at least 1
   * @param prefixes one a sequence, of at least 1 row
   */
  PrefixGradients prefixGradients(List<int[]> tokens, List<Prefix> prefixes);

  @Override
  void close();
}

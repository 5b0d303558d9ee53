package dev.millrace.job.bench.score;

import dev.millrace.job.bench.score.Junk.Label;
import dev.millrace.job.bench.score.Junk.Labelled;
import dev.millrace.job.corpus.Document;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import opennlp.tools.doccat.DoccatFactory;
import opennlp.tools.doccat.DoccatModel;
import opennlp.tools.doccat.DocumentCategorizerME;
import opennlp.tools.doccat.DocumentSample;
import opennlp.tools.doccat.FeatureGenerator;
import opennlp.tools.doccat.NGramFeatureGenerator;
import opennlp.tools.ml.maxent.quasinewton.QNTrainer;
import opennlp.tools.tokenize.SimpleTokenizer;
import opennlp.tools.util.ObjectStreamUtils;
import opennlp.tools.util.TrainingParameters;

/**
 * Tells good text from junk by examples of both, as fastText does in front of web corpora (Joulin
 * et al., 2016; DataComp-LM, 2024): logistic regression over words and pairs of words, by Apache
 * OpenNLP.
 */
final class LinearClassifier {

  private static final String GOOD = "good";
  private static final String JUNK = "junk";

  private final DocumentCategorizerME categorizer;
  private final int good;

  private LinearClassifier(DocumentCategorizerME categorizer) {
    this.categorizer = categorizer;
    this.good = categorizer.getIndex(GOOD);
  }

  static LinearClassifier of(List<Labelled> examples) {
    List<DocumentSample> samples = examples.stream().map(LinearClassifier::sample).toList();
    TrainingParameters parameters = new TrainingParameters();
    parameters.put(TrainingParameters.ALGORITHM_PARAM, QNTrainer.MAXENT_QN_VALUE);
    parameters.put(TrainingParameters.CUTOFF_PARAM, 1);
    parameters.put(QNTrainer.L1COST_PARAM, 0.0);
    parameters.put(QNTrainer.L2COST_PARAM, 1.0);
    try {
      FeatureGenerator[] features = {new NGramFeatureGenerator(1, 2)};
      DoccatModel model =
          DocumentCategorizerME.train(
              "und",
              ObjectStreamUtils.createObjectStream(samples),
              parameters,
              new DoccatFactory(features));
      return new LinearClassifier(new DocumentCategorizerME(model));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static DocumentSample sample(Labelled example) {
    Document document = example.document();
    return new DocumentSample(example.label() == Label.CLEAN ? GOOD : JUNK, words(document.text()));
  }

  private static String[] words(String text) {
    return SimpleTokenizer.INSTANCE.tokenize(text);
  }

  /** The logarithm of how many times as likely the text is good as junk. */
  double logOdds(String text) {
    double[] likely = categorizer.categorize(words(text));
    return Math.log(likely[good]) - Math.log(likely[1 - good]);
  }
}

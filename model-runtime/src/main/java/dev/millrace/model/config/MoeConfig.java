package dev.millrace.model.config;

/**
 * The shape of a decoder-only Mixture-of-Experts model, in HuggingFace's names.
 *
 * @param clipQkv bound on |q|, |k|, |v|; infinite for none
 */
public record MoeConfig(
    String modelType,
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int numHiddenLayers,
    int numAttentionHeads,
    int numKeyValueHeads,
    int headDim,
    int numExperts,
    int numExpertsPerTok,
    boolean normTopkProb,
    double rmsNormEps,
    double ropeTheta,
    int maxPositionEmbeddings,
    boolean tieWordEmbeddings,
    double clipQkv) {}

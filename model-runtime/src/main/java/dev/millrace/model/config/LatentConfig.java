package dev.millrace.model.config;

/**
 * Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434).
 *
 * @param qLoraRank rank of the queries' projection; 0 where it is one full matrix
 * @param kvLoraRank rank of the keys' and values' projection
 * @param qkNopeHeadDim features of a head without position
 * @param qkRopeHeadDim features of a head with rotary position, shared by all keys
 * @param ropeInterleave pairs of the rotary embedding lie side by side, not half a head apart
 */
public record LatentConfig(
    int qLoraRank, int kvLoraRank, int qkNopeHeadDim, int qkRopeHeadDim, boolean ropeInterleave) {}

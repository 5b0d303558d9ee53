package dev.millrace.model.adapter;

/**
 * A matrix that an adapter learns.
 *
 * @param width of its rows, which are rounded one by one
 * @param values (rows, width), row-major
 */
public record Factor(String name, int width, float[] values) {}

namespace Lineage.Agents.Codec;

/// <summary>How much time an encoder spends per byte. What it writes is read the same way whatever the preset was.</summary>
public enum CodecPreset
{
    /// <summary>Stores: only what costs no search (same as the base, one repeated element, raw). For a save against a deadline.</summary>
    Emergency,

    /// <summary>Entropy coding only, without a search for repeats.</summary>
    Fast,

    /// <summary>Entropy coding, with a light search where a plane is skewed enough to gain by it.</summary>
    Default,

    /// <summary>Every candidate tried out, searched harder.</summary>
    High,
}

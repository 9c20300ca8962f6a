using System.Runtime.InteropServices;

namespace Lineage.Agents.Codec.Kernels;

/// <summary>
/// Whether a chunk repeats itself at a distance, which no histogram sees: anchors are chosen by content, so that equal stretches choose
/// equal anchors wherever they lie (as content-defined chunking does), and counted when they come again.
/// </summary>
static class Repetition
{
    const int Slots = 2_048;

    /// <summary>One word in this many is an anchor.</summary>
    const ulong AnchorMask = 0xF;

    /// <summary>At least a sixteenth of the anchors has been seen before.</summary>
    public static bool IsLikely(ReadOnlySpan<byte> chunk)
    {
        Span<ulong> seen = stackalloc ulong[Slots];
        seen.Clear();
        var (anchors, again) = (0, 0);
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(chunk))
        {
            var mixed = unchecked(word * 0x9E37_79B9_7F4A_7C15);
            if ((mixed >> 32 & AnchorMask) != 0) continue;
            anchors++;
            ref var slot = ref seen[(int)(mixed >> 53)];
            if (slot == word) again++;
            slot = word;
        }

        return again * 16 > anchors;
    }
}

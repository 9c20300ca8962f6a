namespace Lineage.Fuzz.Mutations;

/// <summary>Bytes under edit, in one buffer that is used again and again. An edit that would pass the capacity is cut off there.</summary>
sealed class Draft(int capacity)
{
    readonly byte[] bytes = new byte[capacity];

    public int Length { get; private set; }

    public Span<byte> Span => bytes.AsSpan(0, Length);

    public void Set(ReadOnlySpan<byte> content)
    {
        Length = Math.Min(content.Length, bytes.Length);
        content[..Length].CopyTo(bytes);
    }

    /// <summary>Puts other bytes in the place of some; either may be none.</summary>
    /// <param name="with">Not out of this draft.</param>
    /// <returns>By how much the draft grew or shrank.</returns>
    public int Replace(int at, int count, ReadOnlySpan<byte> with)
    {
        var before = Length;
        var tail = Math.Min(Length - at - count, Math.Max(0, bytes.Length - at - with.Length));
        with = with[..Math.Min(with.Length, bytes.Length - at)];
        bytes.AsSpan(at + count, tail).CopyTo(bytes.AsSpan(at + with.Length));
        with.CopyTo(bytes.AsSpan(at));
        Length = at + with.Length + tail;
        return Length - before;
    }

    public void Cut(int length) => Length = Math.Min(Length, length);

    public byte[] ToArray() => Span.ToArray();
}

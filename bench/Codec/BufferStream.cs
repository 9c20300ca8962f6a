namespace Lineage.Bench.Codec;

/// <summary>A growing buffer that keeps its memory from run to run, so that what is timed is not the kernel handing out pages.</summary>
sealed class BufferStream : Stream
{
    byte[] bytes = [];
    int length;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => length;

    public override long Position
    {
        get => length;
        set => throw new NotSupportedException("It is written in order.");
    }

    /// <param name="capacity">That is probably enough.</param>
    public void Reset(long capacity)
    {
        if (bytes.Length < capacity) bytes = new byte[capacity];
        length = 0;
    }

    /// <summary>What was written, as a seekable source.</summary>
    public MemoryStream Reader() => new(bytes, 0, length, writable: false);

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (bytes.Length - length < buffer.Length) Array.Resize(ref bytes, Math.Max(checked(length + buffer.Length), bytes.Length * 2));
        buffer.CopyTo(bytes.AsSpan(length));
        length += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("It is only written.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("It is written in order.");

    public override void SetLength(long value) => throw new NotSupportedException("It is written in order.");
}

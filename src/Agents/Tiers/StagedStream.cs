namespace Lineage.Agents.Tiers;

/// <summary>
/// Hands what is written on in large pieces and says when the first bytes (a header) and when a first part of the body are in the file,
/// so that a stop at those stages leaves a really torn file. Write-only; reports its position because container writers ask for it.
/// </summary>
internal sealed class StagedStream(DirectWriter inner, Action<WriteStage> stages) : Stream
{
    const int BufferBytes = 1 << 20;

    readonly byte[] buffer = GC.AllocateUninitializedArray<byte>(BufferBytes);
    int buffered, writes;
    long position;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => position;

    public override long Position
    {
        get => position;
        set => throw new NotSupportedException("An object is written in order, once.");
    }

    public override void Write(ReadOnlySpan<byte> source)
    {
        if (source.IsEmpty) return;
        position += source.Length;
        if (source.Length > BufferBytes - buffered) Spill();
        if (source.Length >= BufferBytes)
        {
            inner.Write(source);
        }
        else
        {
            source.CopyTo(buffer.AsSpan(buffered));
            buffered += source.Length;
        }

        if (writes < 2) Announce(++writes);
    }

    void Announce(int count)
    {
        Spill();
        stages(count == 1 ? WriteStage.Header : WriteStage.Part);
    }

    void Spill()
    {
        inner.Write(buffer.AsSpan(0, buffered));
        buffered = 0;
    }

    public override void Write(byte[] source, int offset, int count) => Write(source.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Write(source.Span);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] source, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(source.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => Spill();

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        Spill();
        return inner.FinishAsync().AsTask();
    }

    public override int Read(byte[] target, int offset, int count) =>
        throw new NotSupportedException("An object is not read while it is written.");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("An object is written in order, once.");

    public override void SetLength(long value) => throw new NotSupportedException("An object is written in order, once.");
}

using Microsoft.Win32.SafeHandles;

namespace Lineage.Agents.Shards;

/// <summary>Bytes of a stored object by position, for any number of threads at once. Owns what it reads from.</summary>
abstract class ByteSource : IDisposable
{
    public abstract long Length { get; }

    /// <summary>Reads as much as is there; fewer bytes than asked for only at the end.</summary>
    public abstract int ReadAt(long offset, Span<byte> destination);

    /// <param name="stream">Seekable; disposed with the source. A file is read without moving its position, anything else in
    /// turns.</param>
    public static ByteSource Of(Stream stream) => stream is FileStream file ? new FileSource(file) : new StreamSource(stream);

    public abstract void Dispose();

    sealed class FileSource(FileStream file) : ByteSource
    {
        readonly SafeFileHandle handle = file.SafeFileHandle;

        public override long Length { get; } = file.Length;

        public override int ReadAt(long offset, Span<byte> destination)
        {
            var done = 0;
            while (done < destination.Length && RandomAccess.Read(handle, destination[done..], offset + done) is > 0 and var read)
                done += read;
            return done;
        }

        public override void Dispose() => file.Dispose();
    }

    sealed class StreamSource(Stream stream) : ByteSource
    {
        readonly Lock gate = new();

        public override long Length { get; } = stream.Length;

        public override int ReadAt(long offset, Span<byte> destination)
        {
            lock (gate)
            {
                stream.Position = offset;
                return stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
            }
        }

        public override void Dispose() => stream.Dispose();
    }
}

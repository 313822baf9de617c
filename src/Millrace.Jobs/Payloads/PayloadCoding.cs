namespace Millrace.Jobs.Payloads;

/// <summary>What jobs carry, on its way to the store and back; as it is when there is no codec. Thread-safe.</summary>
internal sealed class PayloadCoding(IEnumerable<IJobPayloadCodec> codecs)
{
    private const string Result = "result";

    private readonly IJobPayloadCodec? _codec = codecs.ToArray() switch
    {
        [] => null,
        [var only] => only,
        _ => throw new InvalidOperationException("Jobs have one payload codec at most; several are registered (UsePayloadCodec, EncryptPayloads)."),
    };

    public ReadOnlyMemory<byte> Encode(string jobName, ReadOnlyMemory<byte> payload) => _codec is null ? payload : _codec.Encode(Purpose(jobName), payload);

    /// <exception cref="UnrecoverableJobException">It never can be.</exception>
    public ReadOnlyMemory<byte> Decode(string jobName, ReadOnlyMemory<byte> stored)
    {
        if (_codec is null)
        {
            return stored;
        }

        try
        {
            return _codec.Decode(Purpose(jobName), stored);
        }
        catch (InvalidDataException error)
        {
            throw new UnrecoverableJobException($"The payload of job type '{jobName}' cannot be decoded. {error.Message}", error);
        }
    }

    public ReadOnlyMemory<byte> EncodeResult(ReadOnlyMemory<byte> result) => _codec is null ? result : _codec.Encode(Result, result);

    /// <exception cref="InvalidDataException">It never can be.</exception>
    public ReadOnlyMemory<byte> DecodeResult(ReadOnlyMemory<byte> stored) => _codec is null ? stored : _codec.Decode(Result, stored);

    private static string Purpose(string jobName) => "job:" + jobName;
}

namespace Millrace.Jobs.Payloads;

/// <summary>A newer program, deployed beside this one, has written the job; it is left to that.</summary>
internal sealed class NewerPayloadException(string jobName, int version, int known)
    : Exception($"The payload of job type '{jobName}' is of version {version}; this process knows versions up to {known}: a newer one runs beside it, or it was rolled back.");

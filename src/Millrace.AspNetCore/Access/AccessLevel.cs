namespace Millrace.AspNetCore.Access;

/// <summary>What an endpoint of the management API lets its caller do.</summary>
internal enum AccessLevel
{
    /// <summary>Look at statistics, jobs and channels.</summary>
    Read,

    /// <summary>Change something: invalidate, warm, cancel, retry, pause.</summary>
    Operate,
}

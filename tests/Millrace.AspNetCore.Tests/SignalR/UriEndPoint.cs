using System.Net;

namespace Millrace.AspNetCore.Tests.SignalR;

internal sealed class UriEndPoint(Uri uri) : EndPoint
{
    public Uri Uri => uri;

    public override string ToString() => uri.ToString();
}

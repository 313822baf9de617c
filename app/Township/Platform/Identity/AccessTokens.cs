using System.Security.Claims;
using System.Text.Json;

namespace Township.Platform.Identity;

/// <summary>Bearer tokens for the API and the hub: JWTs (RFC 7519), HS256, 15 minutes, made and accepted by this Township only.</summary>
internal sealed class AccessTokens(SigningKey key, TimeProvider time)
{
    public const string Issuer = "township";
    public const string Audience = "township-api";
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    /// <summary>A token for a user; <paramref name="sessionId"/> ties it to a session, with which it ends.</summary>
    public (string Token, DateTimeOffset ExpiresAt) Issue(string userId, string name, string role, string? sessionId)
    {
        var now = time.GetUtcNow();
        var expires = now + Lifetime;
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("iss", Issuer);
            json.WriteString("aud", Audience);
            json.WriteString(TownshipClaims.UserId, userId);
            json.WriteString(TownshipClaims.Name, name);
            json.WriteString(TownshipClaims.Role, role);
            if (sessionId is not null)
            {
                json.WriteString(TownshipClaims.SessionId, sessionId);
            }

            json.WriteNumber("iat", now.ToUnixTimeSeconds());
            json.WriteNumber("nbf", now.ToUnixTimeSeconds());
            json.WriteNumber("exp", expires.ToUnixTimeSeconds());
            json.WriteEndObject();
        }

        return (JsonWebSignature.Sign(buffer.ToArray(), key.Bytes), expires);
    }

    /// <summary>The claims of a valid token; null, and why, for any other.</summary>
    public ClaimsIdentity? Validate(string? token, string scheme, out string? refusal)
    {
        if (!JsonWebSignature.TryVerify(token, key.Bytes, out var payload)
            || !JsonWebSignature.TryParseObject(payload, out var document))
        {
            refusal = "The token is not one of ours.";
            return null;
        }

        using (document)
        {
            var claims = document!.RootElement;
            refusal = Judge(claims);
            return refusal is null ? Identity(claims, scheme) : null;
        }
    }

    private string? Judge(JsonElement claims)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var skew = (long)ClockSkew.TotalSeconds;
        if (Text(claims, "iss") != Issuer)
        {
            return "The token has another issuer.";
        }

        if (Text(claims, "aud") != Audience)
        {
            return "The token is for another audience.";
        }

        if (!TryMoment(claims, "exp", out var expires) || expires + skew <= now)
        {
            return "The token has expired.";
        }

        if (claims.TryGetProperty("nbf", out _) && (!TryMoment(claims, "nbf", out var notBefore) || notBefore - skew > now))
        {
            return "The token is not valid yet.";
        }

        return Text(claims, TownshipClaims.UserId) is { Length: > 0 and <= 40 } && Text(claims, TownshipClaims.Role) is not null
            ? null
            : "The token names nobody.";
    }

    private static ClaimsIdentity Identity(JsonElement claims, string scheme)
    {
        var identity = new ClaimsIdentity(scheme, TownshipClaims.Name, TownshipClaims.Role);
        foreach (var name in (ReadOnlySpan<string>)
            [TownshipClaims.UserId, TownshipClaims.Name, TownshipClaims.Role, TownshipClaims.SessionId, "exp"])
        {
            if (claims.TryGetProperty(name, out var value))
            {
                identity.AddClaim(new Claim(name, value.ToString()));
            }
        }

        return identity;
    }

    private static string? Text(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    private static bool TryMoment(JsonElement claims, string name, out long seconds)
    {
        seconds = 0;
        return claims.TryGetProperty(name, out var value)
            && value.ValueKind is JsonValueKind.Number
            && value.TryGetInt64(out seconds)
            && seconds is >= 0 and < 253_402_300_800; // the year 10000
    }
}

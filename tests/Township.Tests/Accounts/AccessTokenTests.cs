using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Millrace.TestKit;
using Township.Platform;
using Township.Platform.Identity;

namespace Township.Tests.Accounts;

[Trait("req", "T-01")]
public sealed class AccessTokenTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeClock _clock = new();
    private readonly SigningKey _key;
    private readonly AccessTokens _tokens;

    public AccessTokenTests()
    {
        _key = SigningKey.LoadOrCreate(Data());
        _tokens = new AccessTokens(_key, _clock);
    }

    private long Now => _clock.GetUtcNow().ToUnixTimeSeconds();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_example_of_RFC_7515_appendix_A_1_verifies()
    {
        var key = Base64Url.DecodeFromChars("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
        const string token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
            + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
            + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

        Assert.True(JsonWebSignature.TryVerify(token, key, out var payload));
        Assert.Equal(
            "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}", Encoding.UTF8.GetString(payload));
    }

    [Fact]
    public void A_token_of_ours_says_who_it_is_for()
    {
        var (token, expires) = _tokens.Issue("u1", "Ada \"Q\" Łukasiewicz", "resident", "s1");

        var identity = _tokens.Validate(token, "bearer", out var refusal);

        Assert.Null(refusal);
        Assert.Equal("u1", identity!.FindFirst("sub")!.Value);
        Assert.Equal("Ada \"Q\" Łukasiewicz", identity.Name);
        Assert.Equal("s1", identity.FindFirst("sid")!.Value);
        Assert.Equal(_clock.GetUtcNow().AddMinutes(15), expires);
    }

    [Theory]
    [InlineData("""{"alg":"none"}""")]
    [InlineData("""{"alg":"None"}""")]
    [InlineData("""{"alg":"hs256"}""")]
    [InlineData("""{"alg":"HS512"}""")]
    [InlineData("""{"alg":"RS256"}""")]
    [InlineData("""{"alg":["HS256"]}""")]
    [InlineData("""{"typ":"JWT"}""")]
    [InlineData("""{"alg":"none","alg":"HS256"}""")]
    [InlineData("""{"alg":"HS256","crit":["exp"]}""")]
    [InlineData("""["HS256"]""")]
    [InlineData("not json")]
    public void A_header_that_asks_for_anything_but_HS256_is_refused_even_with_a_right_signature(string header) =>
        Refused(Token(header, Claims()));

    [Fact]
    public void A_token_without_a_signature_is_refused()
    {
        var signed = Token("""{"alg":"HS256"}""", Claims());
        var none = $"{Encode("""{"alg":"none"}""")}.{Encode(Claims())}.";

        Refused(none);
        Refused(signed[..(signed.LastIndexOf('.') + 1)]);
        Refused(signed[..signed.LastIndexOf('.')]);
    }

    [Fact]
    public void A_token_signed_with_another_key_is_refused()
    {
        Refused(JsonWebSignature.Sign(Encoding.UTF8.GetBytes(Claims()), RandomNumberGenerator.GetBytes(32)));
        Refused(JsonWebSignature.Sign(Encoding.UTF8.GetBytes(Claims()), []));
    }

    [Fact]
    public void A_token_changed_in_any_character_is_refused()
    {
        var token = _tokens.Issue("u1", "Ada", "resident", null).Token;
        for (var i = 0; i < token.Length; i++)
        {
            var changed = token[..i] + (token[i] == 'A' ? 'B' : 'A') + token[(i + 1)..];
            Refused(changed);
        }
    }

    [Fact]
    public void A_token_that_is_padded_split_otherwise_or_oversized_is_refused()
    {
        var token = _tokens.Issue("u1", "Ada", "resident", null).Token;

        Refused(token + "=");
        Refused(token + "\n");
        Refused(" " + token);
        Refused(token + ".x");
        Refused(token.Replace('.', ','));
        Refused("");
        Refused(null);
        Refused(Token("""{"alg":"HS256"}""", Claims(extra: $",\"pad\":\"{new string('x', 4096)}\"")));
    }

    [Fact]
    public void Claims_that_are_not_for_us_or_not_for_now_are_refused()
    {
        Accepted(Claims());
        Refuse(Claims(issuer: "\"someone\""));
        Refuse(Claims(audience: "\"another-api\""));
        Refuse(Claims(audience: "[\"township-api\"]"));
        Refuse(Claims(expires: $"{Now - 30}"));
        Refuse(Claims(expires: $"\"{Now + 60}\""));
        Refuse(Claims(expires: "1e300"));
        Refuse(Claims(expires: "-1"));
        Refuse(Claims(extra: $",\"nbf\":{Now + 31}"));
        Refuse(Claims(extra: ",\"nbf\":\"soon\""));
        Refuse(Claims(user: "\"\""));
        Refuse(Claims(user: "7"));
        Refuse("{\"iss\":\"township\",\"aud\":\"township-api\",\"sub\":\"u1\",\"role\":\"resident\"}");
        Refuse(Claims(extra: ",\"sub\":\"u2\""));
        Refuse("[]");

        void Accepted(string claims) => Assert.NotNull(_tokens.Validate(Token("""{"alg":"HS256"}""", claims), "bearer", out _));
        void Refuse(string claims) => Refused(Token("""{"alg":"HS256"}""", claims));
    }

    [Fact]
    public void A_token_ends_after_its_fifteen_minutes_and_the_clocks_tolerance()
    {
        var token = _tokens.Issue("u1", "Ada", "resident", null).Token;

        _clock.Advance(TimeSpan.FromMinutes(15) + TimeSpan.FromSeconds(29));
        Assert.NotNull(_tokens.Validate(token, "bearer", out _));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Refused(token);
    }

    [Fact]
    public void The_key_is_kept_for_the_owner_only_and_found_again()
    {
        var path = Path.Combine(_folder.Path, SigningKey.FileName);

        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }

        Assert.Equal(_key.Bytes, SigningKey.LoadOrCreate(Data()).Bytes);
        Assert.Single(Directory.GetFiles(_folder.Path));
        File.WriteAllBytes(path, [1, 2, 3]);
        Assert.Throws<InvalidOperationException>(() => SigningKey.LoadOrCreate(Data()));
    }

    private DataDirectory Data() => TestData.Directory(_folder.Path);

    private void Refused(string? token)
    {
        Assert.Null(_tokens.Validate(token, "bearer", out var refusal));
        Assert.NotNull(refusal);
    }

    private string Claims(
        string issuer = "\"township\"", string audience = "\"township-api\"", string? expires = null, string user = "\"u1\"", string extra = "") =>
        $"{{\"iss\":{issuer},\"aud\":{audience},\"exp\":{expires ?? $"{Now + 60}"},\"sub\":{user},\"role\":\"resident\"{extra}}}";

    private string Token(string header, string claims)
    {
        var signed = $"{Encode(header)}.{Encode(claims)}";
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(_key.Bytes, Encoding.ASCII.GetBytes(signed)))}";
    }

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}

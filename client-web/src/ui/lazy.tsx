// A part of the page whose code is loaded when it is first shown.

import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { words } from '../text/text';
import { Button } from './button';

export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let loaded: ComponentType<Props> | undefined;
  return function Lazy(props: Props) {
    const [failed, setFailed] = useState(false);
    const [, setReady] = useState(loaded !== undefined);
    useEffect(() => {
      if (loaded) return;
      load().then(
        (part) => {
          loaded = part;
          setReady(true);
        },
        () => setFailed(true),
      );
    }, []);
    if (loaded) {
      const Part = loaded;
      return <Part {...props} />;
    }
    if (!failed) return <p class="loading">{words().common.loading}</p>;
    return (
      <div class="loading" role="alert">
        <p>{words().common.partMissing}</p>
        <Button onClick={() => location.reload()}>{words().common.reload}</Button>
      </div>
    );
  };
}
